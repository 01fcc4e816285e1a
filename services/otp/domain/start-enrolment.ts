import { randomUUID } from 'node:crypto';
import { createEvent, otpSetupStarted } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { replaceEnrolment } from '../store/enrolments.ts';
import { otpauthUri } from './otpauth-uri.ts';
import { factorBinding, seal } from './sealed.ts';
import { createSecret, toBase32 } from './totp-secret.ts';

export type EnrolmentStart =
  | { outcome: 'pending'; secret: string; otpauthUri: string; expiresInSeconds: number; events: RecordedEvent[] }
  | { outcome: 'already-enabled' };

/** Sets a pending enrolment up, in the place of an earlier one; nothing is enabled yet. */
export async function startEnrolment(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  username: string,
): Promise<EnrolmentStart> {
  const { config, keys, randomBytes } = context;
  const secret = createSecret(randomBytes);
  const enrolmentId = randomUUID();
  const sealed = seal(keys, randomBytes, secret, factorBinding(userId, enrolmentId));
  const event = createEvent(otpSetupStarted({ id: userId, username }), request, context);
  const enrolment = { enrolmentId, username, secret: sealed };
  const placed = await replaceEnrolment(context.db, userId, enrolment, config.ENROLMENT_SECONDS, event);
  if (!placed) return { outcome: 'already-enabled' };
  return {
    outcome: 'pending',
    secret: toBase32(secret),
    otpauthUri: otpauthUri(secret, config.OTP_ISSUER, username),
    expiresInSeconds: config.ENROLMENT_SECONDS,
    events: [event],
  };
}
