// The whole of Sallyport with a process for each part, for tests in which processes die, hang and come back. Each gateway
// has ways of its own to users and otp, on which a test can hold a call (hold-proxy.ts), and to Postgres, which it can
// stall or cut (proxy.ts). Within a part a lock in the database holds a transaction. The clock is the machine's:
// OTP_WINDOW is 10, so that an app has twenty codes to give at once (see process-people.ts).
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDatabaseUrl } from '@sallyport/config';
import pg from 'pg';
import { openDb } from '../../packages/postgres/db.ts';
import { type Api, createApi } from './api.ts';
import { type HoldProxy, startHoldProxy } from './hold-proxy.ts';
import { testKeys } from './keys.ts';
import { createMigratedDatabase, migrateAll } from './migrated-database.ts';
import { createPartProcess, type PartProcess } from './part-process.ts';
import { startProxy, type Proxy as TcpProxy } from './proxy.ts';
import { openLifeline } from './servers/lifeline.ts';
import { until } from './until.ts';

export type GatewayProcess = PartProcess & {
  api: Api;
  /** Its way to each service and to Postgres. */
  users: HoldProxy;
  otp: HoldProxy;
  postgres: TcpProxy;
};

export type ProcessStackOptions = {
  /** Gateways take users and otps in turn. */
  gateways?: number;
  users?: number;
  otps?: number;
  env?: Record<string, string>;
  /** Variables of one part alone. */
  partEnv?: Partial<Record<PartProcess['name'], Record<string, string>>>;
  /** Instead of a fresh database on the server of the suite. Where it names several servers, gateways have no proxy before it. */
  databaseUrl?: string;
  /** Something that a part needs doesn't work from the beginning: else all are ready before the test begins. */
  broken?: boolean;
};

/** A transaction of the test that holds locks until it is released; it leaves nothing. */
type Lock = AsyncDisposable & { release(): Promise<void> };

export type ProcessStack = AsyncDisposable & {
  /** Calls to the first gateway. */
  api: Api;
  /** The first of each, and all of them. */
  users: PartProcess;
  otp: PartProcess;
  gateway: GatewayProcess;
  everyUsers: PartProcess[];
  otps: PartProcess[];
  gateways: GatewayProcess[];
  /** Every part, services first. */
  parts: PartProcess[];
  env: Record<string, string>;
  databaseUrl: string;
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs the statement in a transaction that stays open. */
  lock(statement: string, values?: unknown[]): Promise<Lock>;
  /** How many statements that hold this text wait for a lock: what shows that a part has reached one. */
  waiting(text: string): Promise<number>;
  /** Undoes what a test that failed has left: each part goes on, or runs again, and its way to Postgres is open. */
  mend(): Promise<void>;
};

export async function startProcessStack(options: ProcessStackOptions = {}): Promise<ProcessStack> {
  await using opened = new AsyncDisposableStack();
  const databaseUrl = options.databaseUrl ?? opened.use(await createMigratedDatabase()).url;
  if (options.databaseUrl) await migrateAll(databaseUrl);
  const db = opened.adopt(openDb({ url: databaseUrl, name: 'test', max: 3, deadlineMs: 20_000 }), (it) => it.close());
  const env: Record<string, string> = { ...createPartsEnvironment(databaseUrl), ...options.env };
  const lifeline = openLifeline(mkdtempSync(join(tmpdir(), 'sallyport-parts-')));
  opened.defer(() => lifeline.close());
  const parts: PartProcess[] = [];
  const follow = () => lifeline.follow(...parts.flatMap((part) => part.pid() ?? []));
  opened.defer(async () => {
    await Promise.all(parts.map((part) => part.kill()));
  });

  const create = async (name: PartProcess['name'], more: Record<string, string>) => {
    const part = await createPartProcess(name, { ...env, ...more, ...options.partEnv?.[name] }, follow);
    parts.push(part);
    return part;
  };
  const service = (name: 'users' | 'otp', secrets = '') => create(name, { SERVICE_SECRETS: secrets });
  const [server = '', ...others] = parseDatabaseUrl(databaseUrl).servers;
  const several = others.length > 0;
  const everyUsers = await times(options.users ?? 1, () => service('users', env.USERS_SERVICE_SECRETS));
  const otps = await times(options.otps ?? 1, () => service('otp', env.OTP_SERVICE_SECRETS));
  const gateways = await times(options.gateways ?? 1, async (at): Promise<GatewayProcess> => {
    const ways = {
      users: opened.use(await startHoldProxy(everyUsers[at % everyUsers.length]?.url ?? '')),
      otp: opened.use(await startHoldProxy(otps[at % otps.length]?.url ?? '')),
      postgres: opened.use(await startDatabaseProxy(server)),
    };
    const part = await create('gateway', {
      USERS_URL: ways.users.url,
      OTP_URL: ways.otp.url,
      DATABASE_URL: several ? databaseUrl : throughPort(databaseUrl, ways.postgres.port),
    });
    return { ...part, ...ways, api: createApi(part.url) };
  });
  await Promise.all(parts.map((part) => part.start()));
  const [users, otp, gateway] = [everyUsers[0], otps[0], gateways[0]];
  if (!users || !otp || !gateway) throw new Error('a stack needs one of each');
  if (!options.broken) await until('all parts are ready', () => areReady(parts));
  const all = opened.move();

  return {
    api: gateway.api,
    users,
    otp,
    gateway,
    everyUsers,
    otps,
    gateways,
    parts,
    env,
    databaseUrl,
    sql: (text, values) => db.query(text, values),
    lock: (statement, values) => openLock(databaseUrl, statement, values),
    async waiting(text) {
      const [row] = await db.query<{ count: number }>(
        `select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
        [text],
      );
      return row?.count ?? 0;
    },
    async mend() {
      for (const { postgres } of gateways) postgres.resume();
      for (const part of parts) part.resume();
      await Promise.all(parts.filter((part) => part.pid() === undefined).map((part) => part.start()));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function areReady(parts: readonly PartProcess[]): Promise<boolean> {
  const answers = await Promise.all(parts.map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)));
  return answers.every(({ ok }) => ok);
}

/** What all parts are given; a service's own secrets come to it. */
export function createPartsEnvironment(databaseUrl: string): Record<string, string> {
  return {
    ...testKeys,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    DATABASE_URL: databaseUrl,
    REDIS_URL: process.env.TEST_REDIS_URL ?? 'memory:',
    PUBLIC_URL: 'https://login.example.com',
    BCRYPT_COST: '4',
    OTP_WINDOW: '10',
    ADDRESS_FAILURES: '0',
    SIGNUPS_PER_ADDRESS: '0',
  };
}

async function times<Made>(count: number, make: (at: number) => Promise<Made>): Promise<Made[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at)));
}

function startDatabaseProxy(url: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(url);
  return startProxy(hostname, Number(port || 5432));
}

function throughPort(url: string, port: number): string {
  return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href;
}

async function openLock(url: string, statement: string, values: unknown[] = []): Promise<Lock> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query(statement, values);
  let released: Promise<void> | undefined;
  const release = () => {
    released ??= client.query('rollback').then(() => client.end());
    return released;
  };
  return { release, [Symbol.asyncDispose]: release };
}
