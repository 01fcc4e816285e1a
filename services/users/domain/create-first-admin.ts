/*
 * The first admin comes from the environment, once: only while nobody has that name and nobody is an admin. An account
 * that is there is never promoted, since a stranger may have signed up under the name. Looked at twice, the second time
 * under the lock: the hash is made in between, outside any transaction.
 */
import { randomUUID } from 'node:crypto';
import { createEvent, userSignedUp } from '@sallyport/audit/record';
import type { UsersContext } from '../context.ts';
import { findObstacle, lockAdmins } from '../store/admins.ts';
import { insertAccount } from '../store/insert-account.ts';
import { judgePassword } from './judge-password.ts';

const faults = { 'too-short': 'is too short', common: 'is too common' };

type Outcome = 'created' | 'name-taken' | 'admin-exists';

/** @throws Error with one clear sentence when the password is too weak to begin with */
export async function createFirstAdmin(context: Omit<UsersContext, 'close'>): Promise<void> {
  const { ADMIN_USERNAME: username, ADMIN_PASSWORD: password } = context.config;
  if (username === undefined || password === undefined) return;
  const outcome = (await findObstacle(context.db, username)) ?? (await create(context, username, password));
  if (outcome === 'created') context.logger.info('the first admin was created');
  if (outcome === 'name-taken') context.logger.info('an account named by ADMIN_USERNAME is there; it is left as it is');
  if (outcome === 'admin-exists') context.logger.info('there is an admin; none was created from ADMIN_USERNAME');
}

async function create(context: Omit<UsersContext, 'close'>, username: string, password: string): Promise<Outcome> {
  const fault = judgePassword(password, username);
  if (fault) throw new Error(`ADMIN_PASSWORD ${faults[fault]}; choose another`);
  const hash = await context.hasher.hash(password, { from: 'nobody' });
  const id = randomUUID();
  const actor = { type: 'operator' as const, id: null };
  const request = { request_id: randomUUID(), ip: null, user_agent: null, session_id: null };
  const event = createEvent(userSignedUp({ id, username }, actor), request, context);
  return context.db.transaction(async (tx): Promise<Outcome> => {
    await lockAdmins(tx);
    const obstacle = await findObstacle(tx, username);
    if (obstacle) return obstacle;
    const account = await insertAccount(tx, { id, username, hash, roles: ['admin'] }, event);
    return account ? 'created' : 'name-taken';
  });
}
