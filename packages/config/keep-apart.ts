import type { z } from 'zod';
import { KeyRing } from './key-ring.ts';

type Refinement = (given: Record<string, unknown>, context: z.RefinementCtx) => void;

/**
 * For `superRefine`: no secret of one of these variables is one of another (NIST SP 800-57 part 1 section 5.2: one key,
 * one use), whether written as it is or in base64. Variables that are wrong or missing don't hide the faults of others.
 */
export function keepApart(...names: string[]): [Refinement, { when: () => boolean }] {
  const refine: Refinement = (given, context) => {
    const forms = names.map((name) => formsOf(given[name]));
    for (const [at, name] of names.entries()) {
      const other = forms.findIndex((one) => forms[at]?.some((form) => one.includes(form)));
      if (other < 0 || other >= at) continue;
      context.addIssue({ code: 'custom', path: [name], message: `shares a secret with ${names[other]}` });
    }
  };
  return [refine, { when: () => true }];
}

/** Every secret of a variable's value, as the bytes that it may stand for. */
function formsOf(value: unknown): string[] {
  if (value instanceof KeyRing) return value.keys.map(({ bytes }) => bytes.toString('hex'));
  if (!Array.isArray(value)) return [];
  return value.flatMap((text: string) => [
    Buffer.from(text).toString('hex'),
    ...(/^[\w+/-]+={0,2}$/.test(text) ? [Buffer.from(text, 'base64').toString('hex')] : []),
  ]);
}
