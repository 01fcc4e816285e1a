import type { OtpContext } from '../context.ts';
import { findPendingEnrolment } from '../store/enrolments.ts';
import { openSecret } from './open-secret.ts';
import { otpauthUri } from './otpauth-uri.ts';
import { factorBinding } from './sealed.ts';

/** The key URI of the account's pending enrolment, if there is one that can still be confirmed. */
export async function findPendingUri(context: OtpContext, userId: string): Promise<string | undefined> {
  const pending = await findPendingEnrolment(context.db, userId);
  if (!pending) return undefined;
  const secret = openSecret(context, userId, pending.secret, factorBinding(userId, pending.enrolmentId));
  return secret && otpauthUri(secret, context.config.OTP_ISSUER, pending.username);
}
