import { type Attributes, type BeginSpan, traced } from '@sallyport/tracing';
import type { Queryable } from './db.ts';

const longestText = 2_000;
const known = new Map<string, { name: string; attributes: Attributes }>();

/**
 * Runs a statement in a span of the request that it is for, and says how long it took. The text goes into the span, since
 * it is ours; the values never do.
 */
export async function observeStatement<Result>(
  text: string,
  measure: ((seconds: number) => void) | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const { name, attributes } = describe(text);
  const started = performance.now();
  try {
    return await traced('client', name, attributes, run);
  } finally {
    measure?.((performance.now() - started) / 1_000);
  }
}

/** Statements that are sent once for several: each of their traces shows them. */
export function askedByMany(db: Queryable, begin: readonly BeginSpan[]): Queryable {
  return {
    ...db,
    async query<Row extends object>(text: string, values?: unknown[]) {
      const { name, attributes } = describe(text);
      const spans = begin.flatMap((beginSpan) => beginSpan('client', name, attributes) ?? []);
      try {
        const rows = await db.query<Row>(text, values);
        for (const span of spans) span.end();
        return rows;
      } catch (error) {
        for (const span of spans) span.end(error);
        throw error;
      }
    },
  };
}

function describe(text: string): { name: string; attributes: Attributes } {
  const described = known.get(text) ?? {
    name: /^[\s(]*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SQL',
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': text.replaceAll(/\s+/g, ' ').slice(0, longestText) },
  };
  known.set(text, described);
  return described;
}
