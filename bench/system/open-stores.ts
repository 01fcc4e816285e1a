// The stores that logins stand on: private servers of what is installed, PostgreSQL durable as in production (its
// defaults, fsync on), else the PostgreSQL from npm and stores inside the parts.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../supervisor/embedded-postgres.ts';
import { migrateAll } from '../../supervisor/migrations.ts';
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';
import { startRedis } from '../../test/support/servers/redis.ts';

interface Store {
  url: string;
  /** Its first process; undefined where it has none of its own. */
  pid: number | undefined;
  description: string;
  close(): Promise<void>;
}

export interface Stores extends AsyncDisposable {
  postgres: Store;
  redis: Store;
}

/** @param folder a folder of its own until closed */
export async function openStores(folder: string): Promise<Stores> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.adopt(await openPostgres(folder), (it) => it.close());
  await migrateAll(postgres.url);
  const redis = opened.adopt(await openRedis(), (it) => it.close());
  const all = opened.move();
  return { postgres, redis, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function openPostgres(folder: string): Promise<Store> {
  if (findServers().postgres.path !== undefined) {
    const server = await startPostgres({ durable: true });
    const description = await describePostgres(server.url, 'installed');
    return { url: server.url, pid: server.pids()[0], description, close: server.close };
  }
  const data = join(folder, 'postgres');
  const server = await startEmbeddedPostgres({ folder: data, password: randomBytes(16).toString('hex') });
  const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const description = await describePostgres(server.url, 'from npm');
  return { url: server.url, pid, description, close: () => server.close() };
}

async function openRedis(): Promise<Store> {
  if (findServers().redis.path === undefined) {
    return { url: 'memory:', pid: undefined, description: 'no Redis: in-process stores', close: async () => {} };
  }
  const server = await startRedis();
  return { url: server.url, pid: server.pids()[0], description: 'Redis (installed, in memory)', close: server.close };
}

async function describePostgres(url: string, origin: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ version: string; fsync: string; commit: string }>(
    `select current_setting('server_version_num')::int / 10000 as version, current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as commit`,
  );
  await client.end();
  const [row] = rows;
  return `PostgreSQL ${row?.version} (${origin}, fsync ${row?.fsync}, synchronous_commit ${row?.commit})`;
}
