/*
 * JSON as RFC 8259 section 4 wishes it: a key that stands twice in an object is refused, since two readers of such a
 * body may disagree on what it says. JSON.parse is the judge of the grammar and keeps one of those that repeat; so the
 * text then holds more keys than the value. A string is a key if a colon follows.
 * Where a key is escaped, each is decoded for itself and looked up among those of its object: of such keys JSON.parse
 * may misread one by what it has parsed before (https://github.com/nodejs/node/issues/63785).
 */

const strings = /"(?:[^"\\]|\\.)*"[ \t\r\n]*:?/g;
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/** The value, or undefined where the text is not JSON, nests deeper than `maxDepth` or repeats a key. */
export function parseStrictJson(text: string, maxDepth: number): { value: unknown } | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  const keys = (text.match(strings) ?? []).filter((string) => string.endsWith(':'));
  const repeats = keys.some((key) => key.includes('\\')) && repeatsKey(text);
  const held = countKeys(value, maxDepth);
  return repeats || held !== keys.length ? undefined : { value };
}

/** How many keys its objects have; NaN where it nests too deep. */
function countKeys(value: unknown, maxDepth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (maxDepth === 0) return Number.NaN;
  const members = Object.values(value);
  return members.reduce(
    (sum, member) => sum + countKeys(member, maxDepth - 1),
    Array.isArray(value) ? 0 : members.length,
  );
}

/** Reads strings and brackets alone, so that it stays linear in the text. */
function repeatsKey(text: string): boolean {
  const open: Set<unknown>[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key = parse(last);
      const keys = open.at(-1);
      if (keys?.has(key)) return true;
      keys?.add(key);
    } else last = token;
  }
  return false;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
