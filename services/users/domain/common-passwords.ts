import { readFileSync } from 'node:fs';
import { foldCase } from '@sallyport/contracts';

/** In code points, after NFKC (NIST SP 800-63B-4 section 3.1.1.2). */
export const shortestPassword = 8;

// The text as it stands, looked through for a whole string of it: a module, or a set of its words, takes several times the
// memory, and only who chooses a password asks.
const words = readFileSync(new URL(import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json')), 'utf8');
if (!words.startsWith('["')) throw new Error('the list of common passwords is not a list');

/** Whether a password is among the common ones, in whatever case and compatibility form. */
export function isCommonPassword(password: string): boolean {
  const folded = foldCase(password);
  return folded !== undefined && words.includes(JSON.stringify(folded));
}
