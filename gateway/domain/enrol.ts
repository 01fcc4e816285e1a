import type { GatewayContext } from '../context.ts';
import { carryOver, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { endOvertaken } from './end-overtaken.ts';
import { EventLog } from './event-log.ts';
import { type Issued, pwdAndOtp, withTokens } from './issue-session.ts';

/** Starts an enrolment; nothing is enabled yet, and an earlier pending one is replaced. */
export async function startEnrolment(context: GatewayContext, asker: Asker, session: Session) {
  const log = new EventLog(context, asker.request);
  const start = await context.otp.startEnrolment(asker.request, {
    user_id: session.userId,
    username: session.username,
  });
  log.collect('otp', start);
  await context.changes.note(log);
  return start;
}

export type EnableResult =
  | { outcome: 'enabled'; recoveryCodes: string[]; issued: Issued | undefined }
  | { outcome: 'wrong-code' }
  | { outcome: 'no-pending-enrolment' }
  | { outcome: 'already-enabled' };

/*
 * Confirming an enrolment (promise 6). otp spends the code and makes the factor active in one transaction; from there
 * on a code is demanded, whatever else happens. Then the fence rises and every other session ends, the caller's own
 * gains the second factor, and last the flag is set: should the gateway die in between, the projector does the rest.
 */
export async function enableFactor(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  otp: string,
): Promise<EnableResult> {
  const { userId } = session;
  const log = new EventLog(context, asker.request);
  const confirmation = await context.otp.confirmEnrolment(asker.request, {
    user_id: userId,
    attempt_id: context.randomUuid(),
    otp,
  });
  log.collect('otp', confirmation);
  if (confirmation.outcome !== 'confirmed') {
    if (confirmation.outcome !== 'rejected') return confirmation;
    await asker.guess.keep();
    await context.changes.note(log);
    return { outcome: 'wrong-code' };
  }
  const factorVersion = confirmation.factor_version;
  const carried = await context.changes.run(log, async (tx) => {
    await endOvertaken(tx, log, userId, { factorVersion }, 'otp-enabled', session.id);
    return carryOver(tx, session, { ...session, factorVersion, amr: pwdAndOtp });
  });
  await setFlag(context, asker, userId, true, factorVersion);
  const issued = carried && withTokens(context, carried);
  return { outcome: 'enabled', recoveryCodes: confirmation.recovery_codes, issued };
}

/** The flag follows the factor; where users can't take it now, the projector brings it later. */
export async function setFlag(
  context: GatewayContext,
  asker: Asker,
  userId: string,
  otp_enabled: boolean,
  factor_version: number,
): Promise<void> {
  try {
    await context.users.setFlag(asker.request, userId, { otp_enabled, factor_version });
  } catch (error) {
    context.logger.warn({ request_id: asker.request.request_id, cause: String(error) }, 'the flag will follow later');
  }
}
