import type { GatewayContext } from '../context.ts';
import { carryOver, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { endOvertaken } from './end-overtaken.ts';
import { setFlag } from './enrol.ts';
import { EventLog } from './event-log.ts';
import { pwdOnly } from './issue-session.ts';
import { proveOwnPassword, type Refused, refuseCode } from './prove-again.ts';
import { type Code, proveCode } from './prove-code.ts';

export type DisableResult = Refused | { outcome: 'disabled' } | { outcome: 'no-factor' };

/**
 * Removes the factor: password and code are proved anew, and otp spends the code and removes the factor in one
 * transaction. The fence rises with the factor's version, so that nothing issued under the factor outlives it, save
 * the caller's own session, which is from then on one of a password alone.
 */
export async function disableFactor(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  given: { password: string; code?: Code | undefined },
): Promise<DisableResult> {
  const { userId } = session;
  const factor = await context.otp.findFactor(asker.request, userId);
  if (!factor.active) return { outcome: 'no-factor' };
  const log = new EventLog(context, asker.request);
  const password = await proveOwnPassword(context, asker, log, session, given);
  if (password.outcome !== 'proved') return password;
  if (given.code === undefined) return { outcome: 'wrong-code' };
  const removal = await proveCode(context, asker, log, context.otp.disableFactor, {
    userId,
    factorVersion: session.factorVersion,
    code: given.code,
  });
  if (removal.outcome !== 'proved') {
    await context.changes.note(log);
    return refuseCode(removal);
  }
  const factorVersion = removal.answer.factor_version;
  await context.changes.run(log, async (tx) => {
    await endOvertaken(tx, log, userId, { factorVersion }, 'otp-disabled', session.id);
    await carryOver(tx, session, { ...session, factorVersion, amr: pwdOnly });
  });
  await setFlag(context, asker, userId, false, factorVersion);
  return { outcome: 'disabled' };
}
