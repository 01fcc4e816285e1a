import type { z } from 'zod';
import { type FieldFault, refuse } from './answer.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';

/**
 * Checks a value against a schema; a string that isn't well-formed Unicode is a fault wherever it stands.
 * @throws Refusal 422 `invalid-request` that names every fault; values are never repeated
 */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  const faults: FieldFault[] = result.success
    ? []
    : result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  if (!isWellFormed(value)) {
    faults.push(...findUnwellFormed(value).map((path) => ({ path, message: 'is not well-formed Unicode' })));
  }
  if (result.success && faults.length === 0) return result.data;
  throw new Refusal(
    refuse(commonProblems['invalid-request'], { detail: 'The request is not valid; see errors.', errors: faults }),
  );
}

/** Whether no string in it has a lone surrogate (`\ud800`); such text has no UTF-8 form. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'object' || value === null || Object.values(value).every(isWellFormed);
}

/** The paths of all strings that aren't well-formed. */
function findUnwellFormed(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return value.isWellFormed() ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return findUnwellFormed(entry, at.toWellFormed());
  });
}
