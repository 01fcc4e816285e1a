/*
 * Floods of failures that change nothing. Each is counted in the statement that records it; those past the first 60 of
 * their kind within a minute are counted only. When the minute is over, one statement takes its row away, if the count is
 * as it was read, and puts one event for all of them into the outbox: so the sum of `count` over all events is the number
 * of attempts, whoever is killed when. A statement that is late for its minute begins the row anew.
 * All lock rows in the order of minute and key: they queue and never deadlock.
 */
import { foldEvent } from '@sallyport/audit/record';
import type { RecordedEvent } from '@sallyport/contracts';
import { joinTexts, type Queryable, textList } from '@sallyport/postgres';

/** A failure, and the hash of what it has in common with those like it. */
export interface Failure extends RecordedEvent {
  type: string;
  key: Buffer;
}

/** So many of a kind get an event each within a minute. */
const mostAlike = 60;
const pageSize = 500;

const record = `
  with given as (
    select * from unnest($1::bytea[], $2::uuid[], ${textList(3)}) with ordinality as t (key, event_id, body, at)
  ), counted as (
    insert into gateway.fold as f (minute, key, seen, body)
    select date_trunc('minute', now()), key, count(*), (array_agg(body order by at desc))[1]
    from given group by key order by key
    on conflict (minute, key) do update set
      seen = f.seen + excluded.seen,
      body = case when f.seen > ${mostAlike} then f.body else excluded.body end
    returning key, seen
  ), placed as (
    select event_id, body, at,
      seen - count(*) over (partition by key) + row_number() over (partition by key order by at) as place
    from given join counted using (key)
  )
  insert into gateway.outbox (event_id, source, body)
  select event_id, 'gateway', body from placed where place <= ${mostAlike} order by at`;

/** Records failures in one statement, or counts them where many were alike. */
export async function recordFailures(db: Queryable, failures: readonly Failure[]): Promise<undefined[]> {
  await db.query(record, [
    failures.map((failure) => failure.key),
    failures.map((failure) => failure.id),
    joinTexts(failures.map((failure) => failure.body)),
  ]);
  return failures.map(() => undefined);
}

interface Fold {
  minute: string;
  key: Buffer;
  seen: number;
  body: string;
}

/** Minutes as text, since a Date is coarser than a timestamp. */
const over = `
  select minute::text, key, seen, body from gateway.fold
  where minute <= clock_timestamp() - interval '1 second' * $1
  order by minute, key limit ${pageSize}`;

const close = `
  with given as (
    select * from unnest($1::timestamptz[], $2::bytea[], $3::int[], $4::uuid[], $5::text[])
      as t (minute, key, seen, event_id, body)
  ), unchanged as (
    select f.minute, f.key, g.event_id, g.body from gateway.fold f
    join given g on f.minute = g.minute and f.key = g.key and f.seen = g.seen
    order by f.minute, f.key for update of f
  ), closed as (
    delete from gateway.fold f using unchanged u where f.minute = u.minute and f.key = u.key
    returning u.event_id, u.body
  ), queued as (
    insert into gateway.outbox (event_id, source, body)
    select event_id, 'gateway', body from closed where event_id is not null
  )
  select event_id from closed`;

/** A minute, and the time that a statement which began in it may still run. */
const overAfterSeconds = 65;

/**
 * Ends a page of minutes that are over. Returns how many events came of them, and whether there is more.
 * @param afterSeconds from the minute's beginning on; with 0 the present one ends too
 */
export async function closeFolds(
  db: Queryable,
  afterSeconds = overAfterSeconds,
): Promise<{ folded: number; again: boolean }> {
  const folds = await db.query<Fold>(over, [afterSeconds]);
  if (folds.length === 0) return { folded: 0, again: false };
  const events = folds.map(({ seen, body }) => (seen > mostAlike ? foldEvent(body, seen - mostAlike) : undefined));
  const closed = await db.query<{ event_id: string | null }>(close, [
    folds.map((fold) => fold.minute),
    folds.map((fold) => fold.key),
    folds.map((fold) => fold.seen),
    events.map((event) => event?.id ?? null),
    events.map((event) => event?.body ?? null),
  ]);
  const folded = closed.filter((row) => row.event_id !== null).length;
  return { folded, again: folds.length === pageSize || closed.length < folds.length };
}
