import { canonicalName } from '@sallyport/contracts';
import { isCommonPassword } from './common-passwords.ts';
import { longestPassword, shortestPassword } from './password-length.ts';

export type PasswordFault = 'too-long' | 'too-short' | 'common';

/** What is wrong with a new password for the account of that canonical name. Logging in never asks this. */
export function judgePassword(password: string, username: string | undefined): PasswordFault | undefined {
  const length = Array.from(password.normalize('NFKC')).length;
  if (length > longestPassword) return 'too-long';
  if (length < shortestPassword) return 'too-short';
  if (username !== undefined && canonicalName(password) === username) return 'common';
  return isCommonPassword(password) ? 'common' : undefined;
}
