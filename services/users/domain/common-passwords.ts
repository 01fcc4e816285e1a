import { readFileSync } from 'node:fs';
import { foldCase } from '@sallyport/contracts';

/** In code points, after NFKC (NIST SP 800-63B-4 section 3.1.1.2). */
export const shortestPassword = 8;

// Read as a file rather than imported: a module would keep the whole list, nearly two thirds of it too short to matter.
const source = new URL(import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json'));
const common = new Set(readWords().filter((word) => word.length >= shortestPassword));

/** Whether a password is among the common ones, in whatever case and compatibility form. */
export function isCommonPassword(password: string): boolean {
  const folded = foldCase(password);
  return folded !== undefined && common.has(folded);
}

function readWords(): string[] {
  const words: unknown = JSON.parse(readFileSync(source, 'utf8'));
  if (!Array.isArray(words)) throw new Error('the list of common passwords is not a list');
  return words.map(String);
}
