import { otpResetRequested } from '@sallyport/audit/record';
import { Unavailable } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import { findPendingReset, insertReset } from '../store/otp-resets.ts';
import type { Session } from '../store/sessions.ts';
import { carryOutSoon } from './approve-reset.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { isAdmin } from './is-admin.ts';

export type ResetRequest =
  | { outcome: 'pending'; resetId: string }
  | { outcome: 'done'; resetId: string }
  | { outcome: 'own-account' }
  | { outcome: 'not-admin' }
  | { outcome: 'unknown-account' }
  | { outcome: 'no-factor' };

/**
 * An admin asks that an account's factor be taken away; the request is for the factor as it is now. Asked again by the
 * same admin while it waits, it is the same request; another admin makes one of his own.
 */
export async function requestReset(
  context: GatewayContext,
  asker: Asker,
  admin: Session,
  { userId, reason }: { userId: string; reason: string },
): Promise<ResetRequest> {
  if (userId === admin.userId) return { outcome: 'own-account' };
  const account = await context.users.findAccount(asker.request, userId);
  if (account === undefined) return { outcome: 'unknown-account' };
  const factor = await context.otp.findFactor(asker.request, userId);
  if (!factor.active) return { outcome: 'no-factor' };
  if (!(await isAdmin(context, asker, admin.userId))) return { outcome: 'not-admin' };
  const approved = context.config.ADMIN_RESET_APPROVALS === 1;
  const id = context.randomUuid();
  const about = { userId, factorVersion: factor.factor_version, reason, requestedBy: admin.userId };
  const log = new EventLog(context, asker.request);
  log.add(otpResetRequested(account, { actor: { type: 'account', id: admin.userId }, reason }));
  const insert = () =>
    context.changes.atOnce(log, (db, recording) => insertReset(db, { id, ...about, approved }, recording));
  // The second time for one that was approved, or lapsed, between the two looks.
  const resetId = (await insert()) ?? (await findPendingReset(context.db, about)) ?? (await insert());
  if (resetId === undefined) throw new Unavailable('postgres', { cause: new Error('requests chase one another') });
  if (!approved) return { outcome: 'pending', resetId };
  const result = await carryOutSoon(context, asker, { id: resetId, ...about, approvedBy: admin.userId });
  if (result === 'overtaken') return { outcome: 'no-factor' };
  return { outcome: result === 'done' ? 'done' : 'pending', resetId };
}
