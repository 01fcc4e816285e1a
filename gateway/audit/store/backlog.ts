import type { Queryable } from '@sallyport/postgres';

/** What the audit pipeline has still to do. */
export interface Backlog {
  /** Seconds for which the oldest event has been waiting for its number. */
  outboxAge: number;
  /** Events that the relay has not published yet. */
  relayLag: number;
  /** Seconds for which the oldest of them has been in the log. */
  relayAge: number;
  /** How many events lie in quarantine, by source and reason. */
  quarantined: { source: string; reason: string; events: number }[];
}

/** Asks for all of it at once, each by the end of an index. */
export async function readBacklog(db: Queryable): Promise<Backlog> {
  const [row] = await db.query<Backlog>(
    `select
       coalesce(extract(epoch from clock_timestamp() - (
         select recorded_at from gateway.outbox order by ins limit 1)), 0)::float8 as "outboxAge",
       coalesce(h.sequence - c.sequence, 0) as "relayLag",
       coalesce(extract(epoch from clock_timestamp() - (
         select recorded from gateway.audit_log where sequence > c.sequence order by sequence limit 1)), 0)::float8
         as "relayAge",
       (select coalesce(json_agg(q), '[]') from (
         select source, reason, count(*) as events from gateway.audit_quarantine group by source, reason) q)
         as quarantined
     from gateway.audit_head h left join gateway.cursor c on c.name = 'relay'`,
  );
  if (row === undefined) throw new Error('the head of the audit log is missing');
  return row;
}
