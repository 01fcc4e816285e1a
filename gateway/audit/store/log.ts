import type { Queryable } from '@sallyport/postgres';
import type { NumberedPage, OutboxRow } from '../number-page.ts';

export interface LogRow {
  sequence: number;
  id: string;
  type: string;
  subject: string | null;
  body: string;
}

export interface Head {
  sequence: number;
  hash: string;
}

/** The head of the log and what waits in the outbox, of one snapshot: a page of one moment must not meet another's head. */
export async function readOutbox(db: Queryable, limit: number): Promise<{ head: Head; rows: OutboxRow[] }> {
  const found = await db.query<Head & { id: string | null; source: string; body: string }>(
    `select sequence, hash, o.id, o.source, o.body
     from gateway.audit_head left join lateral (
       select event_id as id, source, body, ins from gateway.outbox order by ins limit $1) o on true
     order by o.ins`,
    [limit],
  );
  const [first] = found;
  if (!first) throw new Error('the head of the audit log is missing');
  return {
    head: { sequence: first.sequence, hash: first.hash },
    rows: found.flatMap(({ id, source, body }) => (id === null ? [] : [{ id, source, body }])),
  };
}

const append = `
  with head as (
    update gateway.audit_head set sequence = $3, hash = $4 where sequence = $1 and hash = $2
    returning sequence
  ), moved as (
    delete from gateway.outbox where event_id = any ($5::uuid[]) and exists (select from head)
    returning event_id
  ), quarantined as (
    insert into gateway.audit_quarantine (event_id, source, body, reason)
    select event_id, source, body, reason
    from unnest($6::uuid[], $7::text[], $8::text[], $9::text[]) as q (event_id, source, body, reason)
    join moved using (event_id)
  ), numbered as (
    insert into gateway.audit_log (sequence, event_id, type, subject, hash, body)
    select l.* from unnest($10::bigint[], $11::uuid[], $12::text[], $13::uuid[], $14::text[], $15::text[]) as l
    where exists (select from head)
  )
  select sequence from head`;

/** Writes a page in one statement that begins with the compare-and-set of the head; false when it was overtaken. */
export async function appendPage(db: Queryable, from: Head, page: NumberedPage): Promise<boolean> {
  const { head, events, refused } = page;
  const rows = await db.query(append, [
    from.sequence,
    from.hash,
    head.sequence,
    head.hash,
    [...events, ...refused].map((row) => row.id),
    refused.map((row) => row.id),
    refused.map((row) => row.source),
    refused.map((row) => row.body),
    refused.map((row) => row.reason),
    events.map((row) => row.sequence),
    events.map((row) => row.id),
    events.map((row) => row.type),
    events.map((row) => row.subject),
    events.map((row) => row.hash),
    events.map((row) => row.body),
  ]);
  return rows.length === 1;
}

/** Events after a number, in order; a page costs the same wherever it lies. */
export async function findLog(db: Queryable, after: number, limit: number): Promise<LogRow[]> {
  return db.query<LogRow>(
    `select sequence, event_id as id, type, subject, body from gateway.audit_log
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
