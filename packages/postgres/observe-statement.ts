import { type Attributes, traced } from '@sallyport/tracing';

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

function describe(text: string): { name: string; attributes: Attributes } {
  const described = known.get(text) ?? {
    name: /^[\s(]*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SQL',
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': text.replaceAll(/\s+/g, ' ').slice(0, longestText) },
  };
  known.set(text, described);
  return described;
}
