import { parseDatabaseUrl } from '@sallyport/config';
import { Unavailable } from '@sallyport/contracts';
import { type Connection, openConnections } from './connections.ts';
import { isAway, isStalePlan } from './is-away.ts';
import { observeStatement } from './observe-statement.ts';
import { statementName } from './statement-name.ts';

/** Something that runs statements: the pool, or one transaction. */
export interface Queryable {
  /**
   * Runs one statement and returns its rows, `int8` as a number. It is prepared under a name, save where a pooler may give
   * the next one another connection.
   * @throws Unavailable when Postgres is away, slow or read-only
   */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a text of several statements without values, such as a migration. */
  script(text: string): Promise<void>;
}

export interface Db extends Queryable {
  /** Runs `work` in one transaction (read committed): committed when it resolves, rolled back when it throws. */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** What its pool holds now. */
  connections(): { busy: number; idle: number; most: number; waiting: number };
  close(): Promise<void>;
}

type Use = <Result>(run: (connection: Connection) => Promise<Result>) => Promise<Result>;

/**
 * Opens a bounded pool; no more than 50 for each connection wait for one. Connecting takes 2 s at most, a statement
 * `deadlineMs` (3 s by default). Postgres itself keeps the deadline: what nobody waits for any more runs no longer and
 * holds no connection. It does so between the statements of a transaction too: a process that was stopped in one loses
 * it, and with it the locks that others would wait for. A pooler passes no deadline on as one connects: behind one,
 * each transaction says it anew.
 * @param options.url one server or several, as `parseDatabaseUrl` reads it
 * @param options.name what Postgres shows as the application's name
 * @param options.measure told how long each statement took, its wait for a connection included
 * @param options.onError told of idle connections that broke; queries report their own errors
 */
export function openDb(options: {
  url: string;
  name: string;
  max?: number;
  deadlineMs?: number;
  measure?: (seconds: number) => void;
  onError?: (error: Error) => void;
}): Db {
  const { name, max = 10, deadlineMs = 3_000, measure, onError = () => undefined } = options;
  const target = parseDatabaseUrl(options.url);
  const connections = openConnections({ target, name, max, deadlineMs, onError });
  const begin = `begin; set local statement_timeout = ${deadlineMs};
    set local idle_in_transaction_session_timeout = ${deadlineMs}`;

  const attempt = async <Result>(connection: Connection, run: () => Promise<Result>): Promise<Result> => {
    try {
      return await run();
    } catch (error) {
      if (!isAway(error)) throw error;
      connections.blame(connection, error);
      throw new Unavailable('postgres', { cause: error });
    }
  };

  const queryable = (use: Use): Queryable => ({
    query: <Row extends object>(text: string, values: unknown[] = []) =>
      observeStatement(text, measure, () =>
        use((on) =>
          attempt(on, async () => {
            const named = target.prepare ?? !on.pooled;
            return (await on.query<Row>(named ? { name: statementName(text), text, values } : { text, values })).rows;
          }),
        ),
      ),
    script: (text) => use((on) => attempt(on, async () => void (await on.query(text)))),
  });

  const alone: Use = async (run) => {
    const connection = await connections.lend();
    try {
      const result = await run(connection);
      connection.release();
      return result;
    } catch (error) {
      connection.release(error instanceof Unavailable);
      throw error;
    }
  };

  const single = queryable(alone);

  return {
    ...single,
    query: <Row extends object>(text: string, values?: unknown[]) =>
      single.query<Row>(text, values).catch((error: unknown) => {
        // It has not run; on a connection that is newer than the migration it will.
        if (error instanceof Unavailable && isStalePlan(error.cause)) return single.query<Row>(text, values);
        throw error;
      }),
    async transaction(work) {
      const connection = await connections.lend();
      try {
        const opening = connection.pooled ? begin : 'begin';
        await observeStatement('begin', measure, () => attempt(connection, () => connection.query(opening)));
        const result = await work(queryable((run) => run(connection)));
        await observeStatement('commit', measure, () => attempt(connection, () => connection.query('commit')));
        connection.release();
        return result;
      } catch (error) {
        if (error instanceof Unavailable) connection.release(true);
        else await giveBack(connection);
        throw error;
      }
    },
    connections: connections.count,
    close: connections.close,
  };
}

/** After a fault of the work itself; a connection whose state is unknown is closed, never reused. */
async function giveBack(connection: Connection): Promise<void> {
  try {
    await connection.query('rollback');
    connection.release();
  } catch (error) {
    connection.release(error instanceof Error ? error : true);
  }
}
