import type { GatewayContext } from '../context.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { type Refused, refuseCode } from './prove-again.ts';
import { type Code, proveCode } from './prove-code.ts';

/** Ten new recovery codes for one code; the old ones are void with the same commit. */
export async function regenerateRecoveryCodes(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  code: Code | undefined,
): Promise<Refused | { outcome: 'regenerated'; recoveryCodes: string[] } | { outcome: 'no-factor' }> {
  const { userId } = session;
  const factor = await context.otp.findFactor(asker.request, userId);
  if (!factor.active) return { outcome: 'no-factor' };
  if (code === undefined) return { outcome: 'wrong-code' };
  const log = new EventLog(context, asker.request);
  const made = await proveCode(context, asker, log, context.otp.regenerateRecoveryCodes, {
    userId,
    factorVersion: session.factorVersion,
    code,
  });
  await context.changes.note(log);
  return made.outcome === 'proved'
    ? { outcome: 'regenerated', recoveryCodes: made.answer.recovery_codes }
    : refuseCode(made);
}
