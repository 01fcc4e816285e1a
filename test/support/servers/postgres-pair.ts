// A primary whose commits wait for its synchronous standby, as docs/operations.md demands, and one URL for both.
import pg from 'pg';
import { until } from '../until.ts';
import { startPostgres } from './postgres.ts';
import type { TestServer } from './server.ts';

export type PostgresPair = AsyncDisposable & {
  /** Names both servers. */
  url: string;
  primary: TestServer;
  standby: TestServer;
  /** Makes the standby a primary; resolves when it can be written to. */
  promote(): Promise<void>;
};

const name = 'standby';

export async function startPostgresPair(): Promise<PostgresPair> {
  await using opened = new AsyncDisposableStack();
  const settings = { synchronous_commit: 'on' };
  const synchronous = { ...settings, synchronous_standby_names: name };
  const primary = opened.use(await startPostgres({ settings: synchronous }));
  const standby = opened.use(await startPostgres({ settings, standby: { of: primary.url, name } }));
  const synced = `select from pg_stat_replication where sync_state = 'sync'`;
  await until('the standby is synchronous', async () => (await ask(primary.url, synced)).length === 1);
  const all = opened.move();
  const url = new URL(primary.url);
  return {
    url: primary.url.replace(url.host, `${url.host},${new URL(standby.url).host}`),
    primary,
    standby,
    promote: async () => void (await ask(standby.url, 'select pg_promote(true, 30)')),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function ask(url: string, text: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
