/*
 * JSON as RFC 8259 section 4 wishes it: a key that stands twice in an object is refused, since two readers of such a
 * body may disagree on what it says. JSON.parse is the judge of the grammar and keeps one of those that repeat; so the
 * text then holds more keys than the value. In JSON a string is a key if a colon follows.
 */

const strings = /"(?:[^"\\]|\\.)*"[ \t\r\n]*:?/g;

/** The value, or undefined where the text is not JSON, nests deeper than `maxDepth` or repeats a key. */
export function parseStrictJson(text: string, maxDepth: number): { value: unknown } | undefined {
  const value = parse(text);
  return value !== undefined && countKeys(value, maxDepth) === countKeysOf(text) ? { value } : undefined;
}

function countKeysOf(text: string): number {
  return (text.match(strings) ?? []).filter((string) => string.endsWith(':')).length;
}

/** NaN where it nests too deep. */
function countKeys(value: unknown, maxDepth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (maxDepth === 0) return Number.NaN;
  const members = Object.values(value);
  return members.reduce(
    (sum, member) => sum + countKeys(member, maxDepth - 1),
    Array.isArray(value) ? 0 : members.length,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
