import type { Queryable } from '@sallyport/postgres';

/** Seconds for which the oldest event has been waiting for its number. */
export async function getOutboxAge(db: Queryable): Promise<number> {
  return getNumber(
    db,
    `select extract(epoch from clock_timestamp() - (
       select recorded_at from gateway.outbox order by ins limit 1))::float8 as value`,
  );
}

/** Events that the relay has not published yet. */
export async function getRelayLag(db: Queryable): Promise<number> {
  return getNumber(
    db,
    `select h.sequence - c.sequence as value from gateway.audit_head h, gateway.cursor c where c.name = 'relay'`,
  );
}

/** Seconds for which the oldest unpublished event has been in the log. */
export async function getRelayAge(db: Queryable): Promise<number> {
  return getNumber(
    db,
    `select extract(epoch from clock_timestamp() - (
       select recorded from gateway.audit_log
       where sequence > (select sequence from gateway.cursor where name = 'relay')
       order by sequence limit 1))::float8 as value`,
  );
}

/** How many events lie in quarantine, by source and reason. */
export async function countQuarantined(db: Queryable): Promise<{ source: string; reason: string; events: number }[]> {
  return db.query('select source, reason, count(*) as events from gateway.audit_quarantine group by source, reason');
}

async function getNumber(db: Queryable, text: string): Promise<number> {
  const [row] = await db.query<{ value: number | null }>(text);
  return row?.value ?? 0;
}
