const names = new Map<string, string>();

/** A short name for a statement's text, the same for every connection, so that Postgres plans it once for each. */
export function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s${names.size + 1}`;
  names.set(text, name);
  return name;
}
