import { joinTexts, type Queryable, textList } from '@sallyport/postgres';
import type { CheckpointState, Covered } from '../create-checkpoint.ts';
import type { NumberedEvent, NumberedPage, OutboxRow, Tail } from '../number-page.ts';

export interface LogRow {
  sequence: number;
  id: string;
  type: string;
  subject: string | null;
  body: string;
}

/** Where the log ends, and what it needs to know of its checkpoints. */
export interface Head extends Tail, CheckpointState {
  /** What the last checkpoint said of `first`. */
  firstTold: number;
  /** The age of the oldest event that no checkpoint covers; null where all are covered. */
  uncoveredSeconds: number | null;
}

/** The head of the log and what waits in the outbox, of one snapshot: a page of one moment must not meet another's head. */
export async function readOutbox(db: Queryable, limit: number): Promise<{ head: Head; rows: OutboxRow[] }> {
  const found = await db.query<Head & { id: string | null; source: string; body: string }>(
    `select sequence, hash, log_id as "logId", checkpoint, first, first_prevhash as "firstPrevhash",
       first_told as "firstTold", o.id, o.source, o.body,
       (select extract(epoch from clock_timestamp() - l.recorded)::float8
        from gateway.audit_log l where l.sequence = h.checkpoint + 1) as "uncoveredSeconds"
     from gateway.audit_head h left join lateral (
       select event_id as id, source, body, ins from gateway.outbox order by ins limit $1) o on true
     order by o.ins`,
    [limit],
  );
  const [first] = found;
  if (!first) throw new Error('the head of the audit log is missing');
  const { id: _, source: __, body: ___, ...head } = first;
  return { head, rows: found.flatMap(({ id, source, body }) => (id === null ? [] : [{ id, source, body }])) };
}

/** Types and hashes of the events from one to another, in order. */
export async function findCovered(db: Queryable, from: number, to: number): Promise<Covered[]> {
  return db.query<Covered>(
    'select type, hash from gateway.audit_log where sequence between $1 and $2 order by sequence',
    [from, to],
  );
}

const append = `
  with head as (
    update gateway.audit_head set sequence = $3, hash = $4,
      checkpoint = coalesce($5::bigint, checkpoint), first_told = case when $5 is null then first_told else $6::bigint end
    where sequence = $1 and hash = $2
    returning sequence
  ), moved as (
    delete from gateway.outbox where event_id = any ($7::uuid[]) and exists (select from head)
    returning event_id
  ), quarantined as (
    insert into gateway.audit_quarantine (event_id, source, body, reason)
    select event_id, source, body, reason
    from unnest($8::uuid[], $9::text[], $10::text[], $11::text[]) as q (event_id, source, body, reason)
    join moved using (event_id)
  ), numbered as (
    insert into gateway.audit_log (sequence, event_id, type, subject, hash, body)
    select l.* from unnest($12::bigint[], $13::uuid[], $14::text[], $15::uuid[], $16::text[], ${textList(17)}) as l
    where exists (select from head)
  ), personal as (
    insert into gateway.audit_personal (sequence, subject, actor, recorded, personal)
    select sequence, subject, actor, clock_timestamp(), personal
    from unnest($12::bigint[], $15::uuid[], $18::uuid[], ${textList(19)}) as p (sequence, subject, actor, personal)
    where personal is not null and exists (select from head)
  ), erasures as (
    insert into gateway.audit_erasure (sequence, subject, up_to)
    select e.* from unnest($20::bigint[], $21::uuid[], $22::bigint[]) as e where exists (select from head)
  )
  select sequence from head`;

/**
 * Writes a page, and a checkpoint behind it, in one statement that begins with the compare-and-set of the head; false when
 * it was overtaken.
 */
export async function appendPage(
  db: Queryable,
  from: Head,
  page: NumberedPage,
  checkpoint?: NumberedEvent,
): Promise<boolean> {
  const { refused, erasures } = page;
  const events = checkpoint ? [...page.events, checkpoint] : page.events;
  const tail = checkpoint ?? page.tail;
  const rows = await db.query(append, [
    from.sequence,
    from.hash,
    tail.sequence,
    tail.hash,
    checkpoint?.sequence ?? null,
    from.first,
    [...page.events, ...refused].map((row) => row.id),
    refused.map((row) => row.id),
    refused.map((row) => row.source),
    refused.map((row) => row.body),
    refused.map((row) => row.reason),
    events.map((row) => row.sequence),
    events.map((row) => row.id),
    events.map((row) => row.type),
    events.map((row) => row.subject),
    events.map((row) => row.hash),
    joinTexts(events.map((row) => row.body)),
    events.map((row) => row.personal?.actor ?? null),
    joinTexts(events.map((row) => row.personal?.text ?? null)),
    erasures.map((row) => row.sequence),
    erasures.map((row) => row.subject),
    erasures.map((row) => row.upTo),
  ]);
  return rows.length === 1;
}

/** Events after a number, in order; a page costs the same wherever it lies. */
export async function findLog(db: Pick<Queryable, 'query'>, after: number, limit: number): Promise<LogRow[]> {
  return db.query<LogRow>(
    `select sequence, id, type, subject, body from gateway.audit_event
     where sequence > $1 order by sequence limit $2`,
    [after, limit],
  );
}

/** Both users and the gateway end sessions; what users recorded of that ends all of an account's. */
export type Happening = Pick<LogRow, 'sequence' | 'type' | 'subject'> & { from_users: boolean };

/** What happened to whom after a number, without the events themselves. */
export async function findHappenings(db: Queryable, after: number, limit: number): Promise<Happening[]> {
  return db.query<Happening>(
    `select sequence, type, subject,
       type = 'sallyport.session.revoked' and body::json->>'source' like '%/users' as from_users
     from gateway.audit_log where sequence > $1 order by sequence limit $2`,
    [after, limit],
  );
}

/** Makes the partitions that the log will need next. */
export async function preparePartitions(db: Queryable): Promise<void> {
  await db.query('select gateway.prepare_audit_partitions()');
}
