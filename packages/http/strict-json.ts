/*
 * JSON as RFC 8259 section 4 wishes it: a key that stands twice in an object is refused, since two readers of such a
 * body may disagree on what it says. JSON.parse is the judge of the grammar; only what it accepts is scanned, so that
 * the scan, which looks at strings and brackets alone, stays linear in the text.
 */

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/** The value, or undefined where the text is not JSON, nests deeper than `maxDepth` or repeats a key. */
export function parseStrictJson(text: string, maxDepth: number): { value: unknown } | undefined {
  const value = parse(text);
  return value !== undefined && isUnambiguous(text, maxDepth) ? { value } : undefined;
}

function isUnambiguous(text: string, maxDepth: number): boolean {
  const open: (Set<string> | 'array')[] = [];
  let lastString: string | undefined;
  for (const [part] of text.matchAll(token)) {
    if (part === '{' || part === '[') {
      if (open.push(part === '{' ? new Set() : 'array') > maxDepth) return false;
    } else if (part === '}' || part === ']') {
      open.pop();
    } else if (part === ':') {
      const keys = open.at(-1);
      const key = lastString === undefined ? undefined : parse(lastString);
      if (!(keys instanceof Set) || key === undefined || keys.has(String(key))) return false;
      keys.add(String(key));
    }
    lastString = part.startsWith('"') ? part : undefined;
  }
  return true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
