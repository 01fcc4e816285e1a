/*
 * The one form of a username (promise 3: one account, one counter, however its name is typed). Case is folded by
 * upper then lower case, since lower case alone keeps pairs such as "ß" and "SS" apart; NFKC (UAX 15) makes
 * fullwidth, ligature and decomposed forms equal. One pass can give way to another, so it goes on until nothing changes.
 */

import { normalForm } from './normal-form.ts';

const maxPasses = 8;
const forbidden = /[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;

/** The canonical form of a username: 3 to 254 code points, nothing invisible; undefined where there is none. */
export function canonicalName(text: string): string | undefined {
  const name = foldCase(text.trim());
  if (name === undefined || forbidden.test(name)) return undefined;
  const length = Array.from(name).length;
  return length >= 3 && length <= 254 ? name : undefined;
}

/** A text without differences of case and compatibility; undefined where it isn't well-formed, too long or never settles. */
export function foldCase(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  let folded = text;
  for (let pass = 0; pass < maxPasses; pass++) {
    const composed = normalForm(folded);
    const next = composed && normalForm(composed.toUpperCase().toLowerCase());
    if (next === undefined || next === folded) return next;
    folded = next;
  }
  return undefined;
}
