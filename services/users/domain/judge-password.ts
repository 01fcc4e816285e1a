import { canonicalName, normalForm } from '@sallyport/contracts';
import { isCommonPassword, shortestPassword } from './common-passwords.ts';

export type PasswordFault = 'too-short' | 'common';

/** What is wrong with a new password for the account of that canonical name. Logging in never asks this. */
export function judgePassword(password: string, username: string | undefined): PasswordFault | undefined {
  const length = Array.from(normalForm(password) ?? password).length;
  if (length < shortestPassword) return 'too-short';
  if (username !== undefined && canonicalName(password) === username) return 'common';
  return isCommonPassword(password) ? 'common' : undefined;
}
