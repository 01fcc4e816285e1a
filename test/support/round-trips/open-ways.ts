import { openDb } from '@sallyport/postgres';
import { type CountingProxy, type ReadTrips, startCountingProxy } from './counting-proxy.ts';
import { createHttpReader } from './read-http.ts';
import { createPostgresReader } from './read-postgres.ts';
import { createRedisReader } from './read-redis.ts';

/** Where the parts find their stores and each other. */
export interface Addresses {
  databaseUrl: string;
  /** `memory:` where there is none. */
  redisUrl: string;
  usersUrl: string;
  otpUrl: string;
}

/** What was asked of each kind of neighbour, one entry for each round trip. */
export interface Trips {
  postgres: string[];
  redis: string[];
  services: string[];
}

export interface Ways extends AsyncDisposable {
  /** The same places, by ways that are counted. */
  addresses: Addresses;
  /** What was asked since the last time. */
  take(): Trips;
}

export async function openWays(direct: Addresses): Promise<Ways> {
  await using opened = new AsyncDisposableStack();
  const open = async (url: string, usualPort: number, createReader: () => ReadTrips) => {
    const { hostname: host, port } = new URL(url);
    return opened.use(await startCountingProxy({ host, port: Number(port || usualPort) }, createReader));
  };
  const postgres = await open(direct.databaseUrl, 5432, () => createPostgresReader('sallyport-'));
  const redis = direct.redisUrl === 'memory:' ? undefined : await open(direct.redisUrl, 6379, createRedisReader);
  const users = await open(direct.usersUrl, 80, createHttpReader);
  const otp = await open(direct.otpUrl, 80, createHttpReader);
  const all = opened.move();
  return {
    addresses: {
      databaseUrl: throughPort(direct.databaseUrl, postgres),
      redisUrl: redis ? throughPort(direct.redisUrl, redis) : direct.redisUrl,
      usersUrl: throughPort(direct.usersUrl, users),
      otpUrl: throughPort(direct.otpUrl, otp),
    },
    take: () => ({
      postgres: postgres.take(),
      redis: redis?.take() ?? [],
      services: [...users.take(), ...otp.take()],
    }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function throughPort(url: string, { port }: CountingProxy): string {
  return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href.replace(/\/$/, '');
}

/** As if another gateway collected, numbered and published for an hour, so that this one has requests alone to do. */
export async function leadElsewhere(databaseUrl: string): Promise<void> {
  await run(databaseUrl, `insert into gateway.lease values ('audit', 'another gateway', now() + interval '1 hour')`);
}

/** The other gateway is gone. */
export async function leadHere(databaseUrl: string): Promise<void> {
  await run(databaseUrl, `delete from gateway.lease where holder = 'another gateway'`);
}

async function run(databaseUrl: string, statement: string): Promise<void> {
  const db = openDb({ url: databaseUrl, name: 'test', max: 1 });
  try {
    await db.query(statement);
  } finally {
    await db.close();
  }
}
