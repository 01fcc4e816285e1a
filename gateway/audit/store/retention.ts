import { deletePages, type Queryable } from '@sallyport/postgres';

const agedRows = 100_000;

/**
 * The last event whose personal data is older than so many days, of the oldest 100,000 that have any; none before the oldest
 * is so by a day, and while an earlier one is not done.
 */
export async function findAgedPersonal(db: Queryable, days: number): Promise<number | undefined> {
  const due = await db.query(
    `select from (select recorded from gateway.audit_personal order by sequence limit 1) as oldest
     where recorded < clock_timestamp() - make_interval(days => $1)
       and not exists (select from gateway.audit_erasure where done_at is null and subject is null)`,
    [days + 1],
  );
  if (due.length === 0) return undefined;
  const [row] = await db.query<{ sequence: number | null }>(
    `select max(sequence) as sequence
     from (select sequence, recorded from gateway.audit_personal order by sequence limit ${agedRows}) as oldest
     where recorded < clock_timestamp() - make_interval(days => $1)`,
    [days],
  );
  return row?.sequence ?? undefined;
}

/**
 * Promises to keep no more than what follows the partitions that are older than so many days: of those that the
 * checkpoints cover and every consumer is done with. The next checkpoint says so, and only then are they dropped.
 */
export async function releasePartitions(db: Queryable, days: number, consumers: readonly string[]): Promise<void> {
  await db.query(
    `update gateway.audit_head h set first = l.sequence + 1, first_prevhash = l.hash
     from gateway.audit_log l
     where l.sequence + 1 > h.first and l.sequence = (
       select max(p.upper) - 1 from gateway.audit_partition p
       where p.upper <= h.checkpoint
         and p.upper - 1 <= all (select sequence from gateway.cursor where name = any ($2))
         and (select recorded from gateway.audit_log where sequence = p.upper - 1)
           < clock_timestamp() - make_interval(days => $1))`,
    [days, consumers],
  );
}

/** Drops partitions that a checkpoint has said are no longer kept, and what was kept beside them. Returns how many. */
export async function dropPartitions(db: Queryable): Promise<number> {
  const [row] = await db.query<{ dropped: number }>('select gateway.drop_audit_partitions() as dropped');
  const gone = 'sequence < (select first_told from gateway.audit_head)';
  await deletePages(db, 'gateway.audit_personal', gone);
  return row?.dropped ?? 0;
}

/** Begins a partition for a month that has begun. */
export async function beginMonth(db: Queryable): Promise<void> {
  await db.query('select gateway.begin_audit_month()');
}
