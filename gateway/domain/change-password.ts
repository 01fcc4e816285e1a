import type { GatewayContext } from '../context.ts';
import { carryOver, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { endOvertaken } from './end-overtaken.ts';
import { EventLog } from './event-log.ts';
import { proveAgain, type Refused } from './prove-again.ts';
import type { Code } from './prove-code.ts';

/**
 * Changes the password: the old one and a code are proved anew, users changes it only at the epoch that was proved,
 * and the fence rises in the transaction that ends every other session. Open challenges die by their epoch.
 */
export async function changePassword(
  context: GatewayContext,
  asker: Asker,
  session: Session,
  given: { password: string; newPassword: string; code?: Code | undefined },
): Promise<Refused | { outcome: 'changed' }> {
  const log = new EventLog(context, asker.request);
  const proved = await proveAgain(context, asker, log, session, given);
  if (proved.outcome !== 'proved') return proved;
  const { id, epoch } = proved.password.account;
  const change = await context.users.changePassword(asker.request, id, { epoch, new_password: given.newPassword });
  if (change.outcome !== 'changed') {
    await context.changes.note(log);
    return change.outcome === 'overtaken' ? { outcome: 'wrong-password' } : change;
  }
  log.collect('users', change);
  await context.changes.run(log, async (tx) => {
    await endOvertaken(tx, log, id, { epoch: change.account.epoch }, 'password-changed', session.id);
    await carryOver(tx, session, { ...session, epoch: change.account.epoch });
  });
  return { outcome: 'changed' };
}
