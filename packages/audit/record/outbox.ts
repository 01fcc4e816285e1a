import type { RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';

/*
 * The outbox of a service (promise 4): an event is a row in the schema of whoever changed state, written in the same
 * transaction. Rows are handed on by mark, never by "id greater than the last one": a transaction that commits late
 * would be passed over. Marked rows are kept for 30 days.
 */

type Schema = 'users' | 'otp';

/** Records events in the caller's transaction. Where one statement does it all, it inserts the same rows itself. */
export async function record(tx: Queryable, schema: Schema, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(`insert into ${schema}.outbox (event_id, body) select * from unnest($1::uuid[], $2::text[])`, [
    events.map((event) => event.id),
    events.map((event) => event.body),
  ]);
}

/** Events that nobody has acknowledged for two seconds, oldest first: the rest is still on its way with its answer. */
export async function findPending(db: Queryable, schema: Schema, limit: number): Promise<RecordedEvent[]> {
  return db.query<RecordedEvent>(
    `select event_id as id, body from ${schema}.outbox
     where acknowledged_at is null and recorded_at < clock_timestamp() - interval '2 seconds'
     order by ins limit $1`,
    [limit],
  );
}

/**
 * Marks events as taken over, and forgets some of those that were taken over 30 days ago: found by an index, which answers
 * for `now()` and for no clock that moves during the statement.
 */
export async function acknowledge(db: Queryable, schema: Schema, ids: readonly string[]): Promise<void> {
  await db.query(
    `with marked as (
       update ${schema}.outbox set acknowledged_at = clock_timestamp()
       where event_id = any($1::uuid[]) and acknowledged_at is null)
     delete from ${schema}.outbox where ctid = any (array(
       select ctid from ${schema}.outbox where acknowledged_at < now() - interval '30 days' limit 500))`,
    [ids],
  );
}

/** Deletes what was taken over of events that an account is the subject or actor of, before its 30 days are over. */
export async function forgetRecorded(db: Queryable, schema: Schema, accountId: string): Promise<void> {
  await db.query(
    `delete from ${schema}.outbox where acknowledged_at is not null and strpos(body, $1) > 0
       and $1 in (body::json->>'subject', body::json#>>'{data,actor,id}')`,
    [accountId],
  );
}
