/*
 * What an admin, or the operator of the host, does to an account. All of it queues behind one lock: whoever takes the
 * last admin away, by a lock or a role, would otherwise find another one that is going at the same moment. An admin who
 * was locked or demoted meanwhile changes nothing, however far the call had come.
 */
import {
  createEvent,
  type EventDraft,
  type Order,
  sessionRevoked,
  userLocked,
  userRolesChanged,
  userUnlocked,
} from '@sallyport/audit/record';
import type { Account, RecordedEvent, RequestContext, users } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import type { UsersContext } from '../context.ts';
import { lockAccount, raiseEpoch, replaceRoles, unlockAccount } from '../store/administer.ts';
import { isAdmin, isLastAdmin, lockAdmins } from '../store/admins.ts';
import { findAccount } from '../store/find-account.ts';

export type Administer = (
  context: Pick<UsersContext, 'db' | 'now' | 'randomBytes'>,
  id: string,
  order: Order,
  request: RequestContext,
) => Promise<users.AdminChange>;

interface Change {
  draft: (account: Account, order: Order) => EventDraft;
  /** Whether the account, as it stands, is an admin that can act no longer afterwards. */
  endsAdmin?: (account: Account) => boolean;
  apply: (tx: Queryable, account: Account, event: RecordedEvent) => Promise<Account | undefined>;
}

export const lock = administer({
  draft: userLocked,
  endsAdmin: () => true,
  apply: (tx, { id }, event) => lockAccount(tx, id, event),
});

/** Recorded also where the account is not locked: the gateway goes on to end its other locks. */
export const unlock = administer({
  draft: userUnlocked,
  apply: (tx, { id }, event) => unlockAccount(tx, id, event),
});

export const endSessions = administer({
  draft: sessionRevoked,
  apply: (tx, { id }, event) => raiseEpoch(tx, id, event),
});

/** @param toRoles what becomes of the roles that the account has */
export const setRoles = (toRoles: (present: readonly string[]) => readonly string[]): Administer =>
  administer({
    draft: userRolesChanged,
    endsAdmin: ({ roles }) => !toRoles(roles).includes('admin'),
    apply: (tx, { id, roles }, event) => replaceRoles(tx, id, event, [...new Set(toRoles(roles))].sort()),
  });

function administer({ draft, endsAdmin, apply }: Change): Administer {
  return (context, id, order, request) =>
    context.db.transaction(async (tx) => {
      await lockAdmins(tx);
      if (order.actor.id !== null && !(await isAdmin(tx, order.actor.id))) return { outcome: 'not-admin' };
      const account = await findAccount(tx, id);
      if (!account) return { outcome: 'unknown-account' };
      const isAtStake = account.roles.includes('admin') && !account.locked && endsAdmin?.(account);
      if (isAtStake && (await isLastAdmin(tx, id))) return { outcome: 'last-admin' };
      const event = createEvent(draft(account, order), request, context);
      const changed = await apply(tx, account, event);
      return { outcome: 'done', account: changed ?? account, events: changed ? [event] : [] };
    });
}
