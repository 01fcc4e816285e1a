/*
 * NFKC (UAX 15) sorts each run of combining marks in time that grows with the square of its length: 16 KiB of marks in
 * the worst order keep a process from all else for a quarter of a second. What is longer than this is never normalised.
 * A character of the normal form stands for six UTF-16 units at most, so it is no name and no password either.
 */

const mostCharacters = 256;
const longest = 6 * mostCharacters;

/** The NFKC form of a text; undefined where that has more than 256 code points for certain. */
export function normalForm(text: string): string | undefined {
  return text.length <= longest ? text.normalize('NFKC') : undefined;
}
