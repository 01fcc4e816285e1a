import { randomUUID } from 'node:crypto';
import { createEvent, userSignedUp } from '@sallyport/audit/record';
import type { RequestContext, users } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { turnOf } from '../hashing/turn-of.ts';
import { insertAccount } from '../store/insert-account.ts';
import { judgePassword } from './judge-password.ts';

export async function createAccount(
  context: UsersContext,
  wanted: { username: string; password: string },
  request: RequestContext,
): Promise<users.AccountCreation> {
  const { username } = wanted;
  const fault = judgePassword(wanted.password, username);
  if (fault) return { outcome: 'weak-password', reason: fault };

  const hash = await context.hasher.hash(wanted.password, { from: turnOf(request) });
  const id = randomUUID();
  const event = createEvent(userSignedUp({ id, username }), request, context);
  const account = await insertAccount(context.db, { id, username, hash, roles: [] }, event);
  return account ? { outcome: 'created', account, events: [event] } : { outcome: 'username-taken' };
}
