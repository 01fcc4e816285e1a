/*
 * Many texts as one parameter. An array literal quotes and escapes each of them, which takes longer than all else that is
 * done with JSON in a statement, here and in PostgreSQL; a record separator (U+001E, RFC 7464) stands in no JSON.
 */

const separator = '\u001e';
/** Of what the list can't hold, and of NUL, which PostgreSQL takes in no text: it is no JSON either. */
const standIn = '\u0001';

/** One value for the parameter of a `textList`; null stays null. */
export function joinTexts(texts: readonly (string | null)[]): string {
  return texts.map((text) => (text === null ? '' : toElement(text))).join(separator);
}

function toElement(text: string): string {
  return text === '' ? standIn : text.replaceAll('\0', standIn).replaceAll(separator, standIn);
}

/** The expression for an array of the texts, to be unnested beside another array: alone it doesn't tell one null from none. */
export function textList(parameter: number): string {
  return `string_to_array($${parameter}::text, e'\\x1e', '')`;
}
