import { randomBytes } from 'node:crypto';
import { readConfig } from '@sallyport/config';
import type { RunningPart } from '@sallyport/http';
import { openDb } from '@sallyport/postgres';
import { GatewayConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import { OtpConfig } from '../../services/otp/config.ts';
import { startOtp } from '../../services/otp/start-otp.ts';
import { UsersConfig } from '../../services/users/config.ts';
import { startUsers } from '../../services/users/start-users.ts';
import { type Api, createApi, openConnections } from './api.ts';
import { createClock, type TestClock } from './clock.ts';
import { testKeys } from './keys.ts';
import { createMigratedDatabase } from './migrated-database.ts';

/*
 * The whole of Sallyport in this process, on servers that the runner found or started: a database, a Redis prefix and
 * an exchange of its own, free ports, a clock that can be moved. Several gateways and otp instances share one Redis;
 * on the embedded default there is one of each.
 */

export interface StackOptions {
  gateways?: number;
  otps?: number;
  /** Variables for all parts; limits per address are off unless they are given here. */
  env?: Record<string, string>;
  /** Uses RabbitMQ where there is one. */
  broker?: boolean;
  /** Called with the migrated database before a part starts; returns the URL by which the parts reach it. */
  prepareDatabase?: (url: string) => Promise<string>;
  /** The database's clock as the parts see it; by default the stack's own. */
  databaseNow?: () => number;
}

export interface Stack extends AsyncDisposable {
  /** Calls to the first gateway; `apis` has one for each. */
  api: Api;
  apis: Api[];
  clock: TestClock;
  databaseUrl: string;
  redisPrefix: string;
  auditNames: { exchange: string; queue: string };
  env: Record<string, string>;
  parts: { users: RunningPart; otps: RunningPart[]; gateways: RunningPart[] };
  /** Runs a statement in the stack's database, as an operator with psql would. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
}

export const sharedRedisMissing: string | false = process.env.TEST_REDIS_URL
  ? false
  : 'several instances need a Redis (TEST_REDIS_URL is not set)';

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await createMigratedDatabase());
  const db = openDb({ url: database.url, name: 'test', max: 2 });
  opened.defer(() => db.close());

  const id = randomBytes(6).toString('hex');
  const clock = createClock();
  const redisPrefix = `test:${id}:`;
  const auditNames = { exchange: `test.${id}.audit`, queue: `test.${id}.audit.all` };
  opened.defer(() => removeTraces({ redisPrefix, auditNames }));
  const env = createEnvironment((await options.prepareDatabase?.(database.url)) ?? database.url, options);
  const { now } = clock;
  const databaseNow = async () => (options.databaseNow ?? now)();

  const start = async (part: Promise<RunningPart>) => {
    const running = await part;
    opened.defer(() => running.close());
    return running;
  };
  const users = await start(
    startUsers(readConfig(UsersConfig, { ...env, SERVICE_SECRETS: env.USERS_SERVICE_SECRETS }), { now, databaseNow }),
  );
  const otpConfig = readConfig(OtpConfig, { ...env, SERVICE_SECRETS: env.OTP_SERVICE_SECRETS });
  const otps: RunningPart[] = [];
  for (let count = options.otps ?? 1; count > 0; count -= 1) {
    otps.push(await start(startOtp(otpConfig, { now, databaseNow, redisPrefix })));
  }
  const gateways: RunningPart[] = [];
  for (let at = 0; at < (options.gateways ?? 1); at += 1) {
    const OTP_URL = otps[at % otps.length]?.url;
    const config = readConfig(GatewayConfig, { OTP_URL, USERS_URL: users.url, ...env });
    gateways.push(await start(startGateway(config, { now, databaseNow, redisPrefix, auditNames })));
  }
  const connections = opened.use(openConnections());
  const apis = gateways.map((gateway) => createApi(gateway.url, connections));
  const [api] = apis;
  if (api === undefined) throw new Error('a stack needs a gateway');

  const kept = opened.move();
  return {
    api,
    apis,
    clock,
    databaseUrl: database.url,
    redisPrefix,
    auditNames,
    env,
    parts: { users, otps, gateways },
    sql: (text, values) => db.query(text, values),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function createEnvironment(databaseUrl: string, options: StackOptions): Record<string, string> {
  const { TEST_LOG_LEVEL, TEST_REDIS_URL, TEST_AMQP_URL } = process.env;
  return {
    ...testKeys,
    HOST: '127.0.0.1',
    USERS_PORT: '0',
    OTP_PORT: '0',
    GATEWAY_PORT: '0',
    LOG_LEVEL: TEST_LOG_LEVEL ?? 'silent',
    DATABASE_URL: databaseUrl,
    REDIS_URL: TEST_REDIS_URL || 'memory:',
    PUBLIC_URL: 'https://login.example.com',
    BCRYPT_COST: '4',
    ADDRESS_FAILURES: '0',
    SIGNUPS_PER_ADDRESS: '0',
    TRUSTED_PROXIES: '127.0.0.1',
    ...(options.broker && TEST_AMQP_URL ? { AMQP_URL: TEST_AMQP_URL } : {}),
    ...options.env,
  };
}

async function removeTraces(traces: Pick<Stack, 'redisPrefix' | 'auditNames'>): Promise<void> {
  const { TEST_REDIS_URL, TEST_AMQP_URL } = process.env;
  if (TEST_REDIS_URL) {
    const { forgetKeys } = await import('./redis.ts');
    await forgetKeys(TEST_REDIS_URL, traces.redisPrefix);
  }
  if (TEST_AMQP_URL) {
    const { forgetExchange } = await import('./broker.ts');
    await forgetExchange(TEST_AMQP_URL, traces.auditNames);
  }
}
