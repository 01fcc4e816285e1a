import { type Answer, refuse } from '@sallyport/http';
import type { Refused } from './domain/prove-again.ts';
import { problems } from './problems.ts';

/** The one answer for everything that can be wrong with a name and a password. */
export const wrongPassword = () =>
  refuse(problems['invalid-credentials'], { detail: 'The username or the password is wrong.' });

/** The one answer for a code that is wrong, used or missing. */
export const wrongCode = () =>
  refuse(problems['invalid-otp'], { detail: 'Send the code that the app shows now, or an unused recovery code.' });

export const tooMany = (retryAfterSeconds: number) =>
  refuse(problems['too-many-attempts'], {
    detail: `Too many attempts. Try again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  });

export const weakPassword = (reason: string, path: 'password' | 'new_password') =>
  refuse(problems['weak-password'], {
    detail: reason === 'too-short' ? 'A password needs at least 8 characters.' : 'This password is a common one.',
    errors: [{ path, message: reason }],
  });

export const unauthenticated = () =>
  refuse(problems.unauthenticated, {
    detail: 'Send a live access token as a Bearer token.',
    headers: { 'WWW-Authenticate': 'Bearer' },
  });

/** What every call answers that has a password or a code proved anew. */
export function refuseProof(refused: Refused): Answer {
  switch (refused.outcome) {
    case 'wrong-password':
      return wrongPassword();
    case 'wrong-code':
      return wrongCode();
    case 'limited':
      return tooMany(refused.retryAfterSeconds);
    case 'weak-password':
      return weakPassword(refused.reason, 'new_password');
    case 'ended':
      return unauthenticated();
  }
}
