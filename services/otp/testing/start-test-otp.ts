import { randomBytes, randomUUID } from 'node:crypto';
import { readConfig } from '@sallyport/config';
import { type RunningPart, signServiceToken } from '@sallyport/http';
import { type Db, openDb } from '@sallyport/postgres';
import supertest from 'supertest';
import { createMigratedDatabase } from '../../../test/support/migrated-database.ts';
import { OtpConfig } from '../config.ts';
import { startOtp } from '../start-otp.ts';

const secret = 'a-service-secret-for-tests-of-48-bytes-0123456789';

const requestContext = { request_id: 'test', ip: '192.0.2.1', user_agent: 'tests', session_id: null };

export interface TestOtp {
  part: RunningPart;
  /** For looking into the service's tables. */
  db: Db;
  /** The service's clock; codes are made and matched by it. */
  clock: { nowMs: number };
  redisPrefix: string;
  env: Record<string, string>;
  post(path: string, body: object): Promise<supertest.Response>;
  get(path: string, subject?: string): supertest.Test;
  [Symbol.asyncDispose](): Promise<void>;
}

export const testKeys = `k1:${Buffer.alloc(32, 1).toString('base64')}`;

/** The service in this process, on a database and a Redis prefix of its own. */
export async function startTestOtp(overrides: Record<string, string> = {}): Promise<TestOtp> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await createMigratedDatabase());
  const db = openDb({ url: database.url, name: 'otp test' });
  opened.defer(() => db.close());
  const env: Record<string, string> = {
    OTP_PORT: '0',
    DATABASE_URL: database.url,
    REDIS_URL: process.env.TEST_REDIS_URL ?? 'memory:',
    SERVICE_SECRETS: secret,
    OTP_ENCRYPTION_KEYS: testKeys,
    LOG_LEVEL: 'fatal',
    ...overrides,
  };
  const clock = { nowMs: Date.now() };
  const redisPrefix = `test:${randomUUID()}:`;
  const options = { now: () => clock.nowMs, databaseNow: async () => clock.nowMs, randomBytes, redisPrefix };
  const part = await startOtp(readConfig(OtpConfig, env), options);
  opened.defer(() => part.close());
  const authorization = (subject?: string) =>
    `Bearer ${signServiceToken('otp', [secret], () => clock.nowMs, { context: requestContext, subject })}`;
  const all = opened.move();
  return {
    part,
    db,
    clock,
    redisPrefix,
    env,
    post: async (path, body) => supertest(part.url).post(path).set('Authorization', authorization()).send(body),
    get: (path, subject) => supertest(part.url).get(path).set('Authorization', authorization(subject)),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
