/*
 * What an admin does to an account. users changes it and records who did it and why; then the fence rises and the
 * sessions that it overtook end in one transaction with the events. Where the gateway dies between the two, the
 * projector does the rest, led by users' event. All of it may be asked again.
 */
import type { Account, RequestContext, users } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import type { Known } from '../store/fence.ts';
import { addRoles } from '../store/session-roles.ts';
import type { Asker } from './asker.ts';
import { endOvertaken } from './end-overtaken.ts';
import { endPasswordLocks } from './end-password-locks.ts';
import { EventLog } from './event-log.ts';

export interface AdminAct {
  userId: string;
  adminId: string;
  reason: string;
}

export type AdminResult = Exclude<users.AdminChange, { outcome: 'done' }> | { outcome: 'done'; account: Account };

/**
 * The fence learns of the epoch alone, which ends all there is. That the account is locked is told by users' event: from
 * here it might come late, after somebody else's unlock at the same epoch.
 */
export function lockUser(context: GatewayContext, asker: Asker, act: AdminAct): Promise<AdminResult> {
  return administer(context, asker, act, context.users.lock, 'locked', ({ epoch }) => ({ epoch }));
}

/** Ends the locks of codes and passwords too, with their counts. The factor stays. */
export async function unlockUser(context: GatewayContext, asker: Asker, act: AdminAct): Promise<AdminResult> {
  const unlocked = ({ epoch, locked }: Account) => ({ epoch, locked });
  const result = await administer(context, asker, act, context.users.unlock, 'overtaken', unlocked);
  if (result.outcome !== 'done') return result;
  await context.otp.endLocks(asker.request, act.userId);
  await endPasswordLocks(context, result.account);
  return result;
}

export function endUserSessions(context: GatewayContext, asker: Asker, act: AdminAct): Promise<AdminResult> {
  return administer(context, asker, act, context.users.endSessions, 'ended-by-admin', ({ epoch }) => ({ epoch }));
}

/** A role taken away ends the account's sessions; one that is given is theirs at once. */
export function setUserRoles(
  context: GatewayContext,
  asker: Asker,
  act: AdminAct & { roles: string[] },
): Promise<AdminResult> {
  const order: Order = (request, id, body) => context.users.setRoles(request, id, { ...body, roles: act.roles });
  return administer(context, asker, act, order, 'roles-changed', ({ epoch }) => ({ epoch }));
}

type Order = (
  request: RequestContext,
  id: string,
  body: { admin_id: string; reason: string },
) => Promise<users.AdminChange>;

async function administer(
  context: GatewayContext,
  { request }: Asker,
  { userId, adminId, reason }: AdminAct,
  order: Order,
  endReason: string,
  toKnown: (account: Account) => Known,
): Promise<AdminResult> {
  const change = await order(request, userId, { admin_id: adminId, reason });
  if (change.outcome !== 'done') return change;
  const { account } = change;
  const log = new EventLog(context, request, { type: 'account', id: adminId });
  log.collect('users', change);
  await context.changes.run(log, async (tx) => {
    await endOvertaken(tx, log, userId, toKnown(account), endReason);
    await addRoles(tx, userId, account.epoch, account.roles);
  });
  return { outcome: 'done', account };
}
