// users in this process over a database of its own, and the gateway's side of its calls.
import { randomUUID } from 'node:crypto';
import { readConfig } from '@sallyport/config';
import { type RunningPart, signServiceToken } from '@sallyport/http';
import { type Db, openDb } from '@sallyport/postgres';
import supertest from 'supertest';
import { createMigratedDatabase } from '../../../test/support/migrated-database.ts';
import { UsersConfig } from '../config.ts';
import { startUsers } from '../start-users.ts';

export const secret = 's'.repeat(32);
export const pepper = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
export const request = { request_id: 'r-1', ip: '192.0.2.7', user_agent: 'agent', session_id: randomUUID() };

/** A migrated database that outlives the parts started over it. */
export async function openUsersDatabase() {
  const database = await createMigratedDatabase();
  const db = openDb({ url: database.url, name: 'test' });
  return {
    url: database.url,
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function startOver(url: string, env: NodeJS.ProcessEnv = {}) {
  const config = readConfig(UsersConfig, {
    DATABASE_URL: url,
    SERVICE_SECRETS: secret,
    PASSWORD_PEPPERS: pepper('a', 1),
    BCRYPT_COST: '4',
    LOG_LEVEL: 'silent',
    USERS_PORT: '0',
    ...env,
  });
  const part = await startUsers(config);
  const callFrom = (ip: string) => caller(part, { ...request, ip });
  return { part, call: caller(part), callFrom, [Symbol.asyncDispose]: () => part.close() };
}

export type Call = ReturnType<typeof caller>;

function caller(part: RunningPart, context = request) {
  const agent = supertest.agent(part.url);
  return (method: 'get' | 'post' | 'put', path: string, body?: object) => {
    const token = signServiceToken('users', [secret], Date.now, { context });
    const sent = agent[method](path).set('Authorization', `Bearer ${token}`);
    return body ? sent.send(body) : sent;
  };
}

export async function signUp(call: Call, username: string, password = 'correct horse'): Promise<string> {
  const answer = await call('post', '/accounts', { username, password });
  return answer.body.account.id;
}

export async function countEvents(db: Db, type: string): Promise<number> {
  const rows = await db.query('select from users.outbox where body::json ->> $1 = $2', ['type', type]);
  return rows.length;
}
