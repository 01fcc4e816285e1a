import pg from 'pg';

/** What is on the other end of a connection. */
export interface Inspected {
  /** A pooler is in between: the process that serves is another one from one transaction to the next. */
  pooled: boolean;
  writable: boolean;
}

const answerMs = 1_000;

/** Asks a new connection who serves it. A pooler makes up the process id that it tells as one connects. */
export async function inspect(client: pg.ClientBase): Promise<Inspected> {
  const row = await ask<{ pid: number; writable: boolean }>(
    client,
    `select pg_backend_pid() as pid,
       not pg_is_in_recovery() and not current_setting('transaction_read_only')::boolean as writable`,
  );
  const { processID } = client as pg.ClientBase & { processID: number | null };
  return { pooled: row?.pid !== processID, writable: row?.writable === true };
}

/**
 * The timeline that a writable server writes: each promotion begins a later one. 0 where the server doesn't tell, as
 * some that only speak its language don't.
 */
export async function timelineOf(client: pg.ClientBase): Promise<number> {
  try {
    const text = `select left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline`;
    return Number.parseInt((await ask<{ timeline: string }>(client, text))?.timeline ?? '0', 16);
  } catch (error) {
    if (error instanceof pg.DatabaseError) return 0;
    throw error;
  }
}

async function ask<Row extends object>(client: pg.ClientBase, text: string): Promise<Row | undefined> {
  const hurried = { text, query_timeout: answerMs };
  return (await client.query<Row>(hurried)).rows[0];
}
