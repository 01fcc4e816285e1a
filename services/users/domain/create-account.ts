import { randomUUID } from 'node:crypto';
import { createEvent } from '@sallyport/audit';
import { canonicalName, type RequestContext, type users } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { insertAccount } from '../store/insert-account.ts';
import { judgePassword } from './judge-password.ts';

export type AccountCreation =
  | users.AccountCreation
  | { outcome: 'invalid-username' }
  | { outcome: 'password-too-long' };

export async function createAccount(
  context: UsersContext,
  wanted: { username: string; password: string },
  request: RequestContext,
): Promise<AccountCreation> {
  const username = canonicalName(wanted.username);
  if (username === undefined) return { outcome: 'invalid-username' };
  const fault = judgePassword(wanted.password, username);
  if (fault === 'too-long') return { outcome: 'password-too-long' };
  if (fault) return { outcome: 'weak-password', reason: fault };

  const hash = await context.hasher.hash(wanted.password);
  const id = randomUUID();
  const event = createEvent(
    { type: 'sallyport.user.signed_up', outcome: 'success', subject: id, username },
    request,
    context,
  );
  const account = await insertAccount(context.db, { id, username, hash, roles: [] }, event);
  return account ? { outcome: 'created', account, events: [event] } : { outcome: 'username-taken' };
}
