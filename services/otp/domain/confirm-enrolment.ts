/*
 * Confirming an enrolment (promises 1 and 6; RFC 6238 section 5.2: the code that confirms is spent as well).
 * In this order: clock and gate must be fit to judge it; a try is taken in a statement of its own, before the secret is opened; match; gate; then one
 * transaction in which the step is claimed, the factor becomes active with the next version, ten recovery codes are
 * stored and the event is recorded. Only the newest pending enrolment confirms, and of any number at once one does.
 */
import { createEvent, otpEnabled, record } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import { takeTry } from '../store/enrolments.ts';
import { activateFactor, findFactor } from '../store/factors.ts';
import { replaceRecoverySet } from '../store/recovery-sets.ts';
import { matchCode } from './match-code.ts';
import { openSecret } from './open-secret.ts';
import { createRecoverySet } from './recovery-set.ts';
import { type Rejection, reject } from './reject.ts';
import { factorBinding } from './sealed.ts';

export type EnrolmentConfirmation =
  | { outcome: 'confirmed'; factorVersion: number; recoveryCodes: string[]; events: RecordedEvent[] }
  | Rejection
  | { outcome: 'no-pending-enrolment' }
  | { outcome: 'already-enabled' };

export async function confirmEnrolment(
  context: OtpContext,
  request: RequestContext,
  { userId, code }: { userId: string; code: string },
): Promise<EnrolmentConfirmation> {
  context.clock.requireRight();
  context.gate.requireReady(userId);
  const { active, lastStep, enrolment } = await takeTry(context.db, userId);
  if (active) return { outcome: 'already-enabled' };
  if (!enrolment) return { outcome: 'no-pending-enrolment' };
  const { enrolmentId } = enrolment;

  const secret = openSecret(context, userId, enrolment.secret, factorBinding(userId, enrolmentId));
  if (!secret) return reject(context, request, userId, 'secret-unusable');
  const step = matchCode(secret, code, context.now(), context.config.OTP_WINDOW);
  if (step === undefined) return reject(context, request, userId, 'wrong-code');
  if (step <= lastStep) return reject(context, request, userId, 'used-code');

  const token = context.randomBytes(16).toString('hex');
  if (!(await context.gate.take(userId, step, token))) return reject(context, request, userId, 'used-code');
  const confirmed = await activate(context, request, userId, enrolmentId, step);
  if (confirmed) return confirmed;
  await context.gate.release(userId, step, token);
  const factor = await findFactor(context.db, userId);
  return { outcome: factor.active ? 'already-enabled' : 'no-pending-enrolment' };
}

async function activate(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  enrolmentId: string,
  step: number,
): Promise<EnrolmentConfirmation | undefined> {
  const set = createRecoverySet(context, userId);
  const event = createEvent(otpEnabled({ id: userId }), request, context);
  const factorVersion = await context.db.transaction(async (tx) => {
    const version = await activateFactor(tx, userId, enrolmentId, step);
    if (version === undefined) return undefined;
    await replaceRecoverySet(tx, userId, set);
    await record(tx, 'otp', [event]);
    return version;
  });
  if (factorVersion === undefined) return undefined;
  return { outcome: 'confirmed', factorVersion, recoveryCodes: set.codes, events: [event] };
}
