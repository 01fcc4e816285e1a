import { Unavailable } from '@sallyport/contracts';
import pg from 'pg';
import { isAway } from './is-away.ts';
import { statementName } from './statement-name.ts';

/** Something that runs statements: the pool, or one transaction. */
export interface Queryable {
  /**
   * Runs one statement as a prepared one and returns its rows; `int8` comes as a number.
   * @throws Unavailable when Postgres is away, slow or read-only
   */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a text of several statements without values, such as a migration. */
  script(text: string): Promise<void>;
}

export interface Db extends Queryable {
  /** Runs `work` in one transaction (read committed): committed when it resolves, rolled back when it throws. */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const int8 = 20;
const waitingPerConnection = 50;

/**
 * Opens a bounded pool; no more than 50 for each connection wait for one. Connecting takes 2 s at most, a statement
 * `deadlineMs` (3 s by default). Postgres itself keeps the deadline: what nobody waits for any more runs no longer and
 * holds no connection. It does so between the statements of a transaction too: a process that was stopped in one loses
 * it, and with it the locks that others would wait for.
 * @param options.name what Postgres shows as the application's name
 * @param options.onError told of idle connections that broke; queries report their own errors
 */
export function openDb(options: {
  url: string;
  name: string;
  max?: number;
  deadlineMs?: number;
  onError?: (error: Error) => void;
}): Db {
  const deadlineMs = options.deadlineMs ?? 3_000;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.max ?? 10,
    connectionTimeoutMillis: 2_000,
    statement_timeout: deadlineMs,
    idle_in_transaction_session_timeout: deadlineMs,
    // A Postgres that doesn't answer at all.
    query_timeout: deadlineMs + 500,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types: { getTypeParser: (oid, format) => (oid === int8 ? Number : pg.types.getTypeParser(oid, format)) },
  });
  pool.on('error', (error) => options.onError?.(error));
  // One that breaks while it is lent says so here too, where an error that nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  const mostWaiting = pool.options.max * waitingPerConnection;
  const roomy = () => {
    if (pool.waitingCount < mostWaiting) return pool;
    throw new Unavailable('postgres', { cause: new Error('too many statements wait') });
  };

  return {
    ...queryable(roomy),
    async transaction(work) {
      const client = await connect(roomy());
      try {
        await attempt(() => client.query('begin'));
        const result = await work(queryable(() => client));
        await attempt(() => client.query('commit'));
        client.release();
        return result;
      } catch (error) {
        if (error instanceof Unavailable) client.release(true);
        else await giveBack(client);
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

function queryable(on: () => pg.Pool | pg.PoolClient): Queryable {
  return {
    query: <Row extends object>(text: string, values: unknown[] = []) =>
      attempt(async () => (await on().query<Row>({ name: statementName(text), text, values })).rows),
    script: (text) => attempt(async () => void (await on().query(text))),
  };
}

async function attempt<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw isAway(error) ? new Unavailable('postgres', { cause: error }) : error;
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new Unavailable('postgres', { cause });
  }
}

/** After a fault of the work itself; a connection whose state is unknown is closed, never reused. */
async function giveBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback');
    client.release();
  } catch (error) {
    client.release(error instanceof Error ? error : true);
  }
}
