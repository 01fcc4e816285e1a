import { createHash } from 'node:crypto';

const names = new Map<string, string>();

/**
 * The name under which a statement's text is prepared: a hash of it, so that a name means the same text in every process.
 * A pooler lends one connection of Postgres to many of them.
 */
export function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
  names.set(text, name);
  return name;
}
