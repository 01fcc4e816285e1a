import { type Answer, refuse } from '@sallyport/http';
import type { GatewayContext } from './context.ts';
import type { Limited } from './domain/limited.ts';
import type { Refused } from './domain/prove-again.ts';
import { problems } from './problems.ts';
import { quotasOf } from './store/limits.ts';

/** The one answer for everything that can be wrong with a name and a password. */
export const wrongPassword = () =>
  refuse(problems['invalid-credentials'], { detail: 'The username or the password is wrong.' });

/** The one answer for a code that is wrong, used or missing. */
export const wrongCode = () =>
  refuse(problems['invalid-otp'], { detail: 'Send the code that the app shows now, or an unused recovery code.' });

/**
 * Says which limit it is, and when to come back, in the fields of draft-ietf-httpapi-ratelimit-headers-10 too. The lock of
 * codes is no quota of a window, so it has no policy. Nothing in it depends on what was sent.
 */
export function tooMany(
  { config, limited }: GatewayContext,
  { limit, retryAfterSeconds }: Omit<Limited, 'outcome'>,
): Answer {
  limited.inc({ limit });
  const policy = limit === 'code' ? undefined : quotasOf(config)[limit];
  return refuse(problems['too-many-attempts'], {
    detail: `Too many attempts. Try again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
    headers: {
      RateLimit: `"${limit}";r=0;t=${retryAfterSeconds}`,
      ...(policy && { 'RateLimit-Policy': `"${limit}";q=${policy.quota};w=${policy.windowSeconds}` }),
    },
  });
}

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
export function refuseProof(context: GatewayContext, refused: Refused): Answer {
  switch (refused.outcome) {
    case 'wrong-password':
      return wrongPassword();
    case 'wrong-code':
      return wrongCode();
    case 'limited':
      return tooMany(context, refused);
    case 'weak-password':
      return weakPassword(refused.reason, 'new_password');
    case 'ended':
      return unauthenticated();
  }
}
