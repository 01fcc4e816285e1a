// The one store with which an event has its effect exactly once: the effect, the event's id and the position are one
// transaction of the team's own database. The row of the consumer is locked first, so of two processes that hold the
// same event, one waits and then finds it taken.
import { HandlerFailed } from '../handler-failed.ts';
import type { EventMark, Store } from './store.ts';

/** What runs SQL: a client of `pg`, or anything with its `query`. */
export interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/** A pool of `pg`, or anything that lends clients as it does. */
export interface Pool extends Queries {
  connect(): Promise<Queries & { release(broken?: Error | boolean): void }>;
  on?(event: 'error', listener: () => void): unknown;
}

/** What a handler gets: `tx` is the transaction in which the event is marked as taken. Write through nothing else. */
export interface PostgresTools {
  tx: Queries;
}

/** Keeps progress in two tables of a schema that it creates where it is missing. */
export function createPostgresStore(pool: Pool, options: { schema?: string } = {}): Store<PostgresTools> {
  const { schema = 'sallyport_consumer' } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new TypeError(`not the name of a schema: ${schema}`);
  // An idle connection that breaks would end a process that doesn't listen; whoever wants the next one opens it anew.
  pool.on?.('error', () => undefined);

  return {
    async open() {
      const { rows } = await pool.query(`select to_regclass('${schema}.seen') is not null as there`);
      if (rows[0]?.there !== true) await pool.query(createTables(schema));
    },
    async find(consumer) {
      const positions = await pool.query(`select sequence, hash, floor from ${schema}.position where consumer = $1`, [
        consumer,
      ]);
      const [position] = positions.rows;
      if (position === undefined) return undefined;
      const { rows } = await pool.query(
        `select event_id as id, sequence, type, hash from ${schema}.seen where consumer = $1 order by sequence`,
        [consumer],
      );
      const seen = rows.map((row) => ({ ...(row as unknown as EventMark), sequence: Number(row.sequence) }));
      return {
        sequence: Number(position.sequence),
        hash: String(position.hash),
        floor: Number(position.floor),
        seen,
      };
    },
    async take(consumer, event, floor, effect) {
      const tx = await pool.connect();
      let broken = true;
      try {
        await tx.query('begin');
        const taken = await run(tx);
        await tx.query(taken ? 'commit' : 'rollback');
        broken = false;
        return taken;
      } catch (error) {
        broken = await tx.query('rollback').then(
          () => false,
          () => true,
        );
        throw error;
      } finally {
        tx.release(broken);
      }

      async function run(tx: Queries): Promise<boolean> {
        const { id, sequence, type, hash } = event;
        const locked = await tx.query(
          `insert into ${schema}.position as p (consumer, sequence, hash, floor) values ($1, 0, '', $2)
           on conflict (consumer) do update set consumer = excluded.consumer returning floor`,
          [consumer, Math.min(floor, sequence - 1)],
        );
        if (sequence <= Number(locked.rows[0]?.floor)) return false;
        const noted = await tx.query(
          `insert into ${schema}.seen (consumer, event_id, sequence, type, hash) values ($1, $2, $3, $4, $5)
           on conflict do nothing`,
          [consumer, id, sequence, type, hash],
        );
        if (noted.rowCount === 0) return false;
        await effect({ tx });
        const raise = tx.query(
          `with raised as (
             update ${schema}.position set floor = greatest(floor, $4), sequence = greatest(sequence, $2),
               hash = case when $2 > sequence then $3 else hash end
             where consumer = $1 returning floor)
           delete from ${schema}.seen where consumer = $1 and sequence <= (select floor from raised)`,
          [consumer, sequence, hash, floor],
        );
        await raise.catch(blameHandler);
        return true;
      }
    },
  };
}

/** A handler that catches an error of its own SQL leaves a transaction that PostgreSQL has given up. */
function blameHandler(error: Error & { code?: string }): never {
  if (error.code !== '25P02') throw error;
  const cause = new Error('it went on after a statement of its own had failed: wrap such a one in a savepoint');
  throw new HandlerFailed('the handler left its transaction aborted', { cause });
}

/** One simple query, so one transaction; the lock is for processes that start together. */
function createTables(schema: string): string {
  return `
    select pg_advisory_xact_lock(hashtext('${schema}'));
    create schema if not exists ${schema};
    create table if not exists ${schema}.position (
      consumer text primary key, sequence bigint not null, hash text not null, floor bigint not null);
    create table if not exists ${schema}.seen (
      consumer text, event_id uuid, sequence bigint not null, type text not null, hash text not null,
      primary key (consumer, event_id));`;
}
