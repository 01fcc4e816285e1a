import { createEvent, passwordChanged } from '@sallyport/audit/record';
import type { RequestContext, users } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { turnOf } from '../hashing/turn-of.ts';
import { findAccount } from '../store/find-account.ts';
import { updatePassword } from '../store/update-password.ts';
import { judgePassword } from './judge-password.ts';

/** Changes a password, and ends what the old one opened, while the account is as it was when that was proved. */
export async function changePassword(
  context: UsersContext,
  change: { id: string; epoch: number; newPassword: string },
  request: RequestContext,
): Promise<users.PasswordChange> {
  const account = await findAccount(context.db, change.id);
  if (!account) return { outcome: 'overtaken' };
  const fault = judgePassword(change.newPassword, account.username);
  if (fault) return { outcome: 'weak-password', reason: fault };
  if (account.locked || account.epoch !== change.epoch) return { outcome: 'overtaken' };

  const hash = await context.hasher.hash(change.newPassword, { from: turnOf(request), ahead: true });
  const event = createEvent(passwordChanged(account), request, context);
  const changed = await updatePassword(context.db, { id: account.id, epoch: change.epoch, hash }, event);
  return changed ? { outcome: 'changed', account: changed, events: [event] } : { outcome: 'overtaken' };
}
