import type { Queryable } from '@sallyport/postgres';

/** Rows that sequential scans have read so far, by table; of those that grow with accounts, sessions or events. */
export type Scans = Record<string, number>;

const growing = [
  'users.account',
  'users.outbox',
  'otp.factor',
  'otp.lane',
  'otp.recovery_set',
  'otp.recovery_code',
  'otp.outbox',
  'gateway.subject',
  'gateway.session',
  'gateway.device',
  'gateway.audit_personal',
  'gateway.audit_seen',
];

/** The partitions of the log count as one. */
export async function countScans(db: Pick<Queryable, 'query'>): Promise<Scans> {
  const rows = await db.query<{ name: string; read: number }>(
    `select name, sum(read)::bigint as read from (
       select case when relname like 'audit_log%' then 'gateway.audit_log' else schemaname || '.' || relname end as name,
         seq_tup_read as read from pg_stat_user_tables) as each
     where name = 'gateway.audit_log' or name = any ($1) group by name`,
    [growing],
  );
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]));
}

/** Tables of which more rows were read in sequence than one look at the end of an empty page takes. */
export function findScanned(before: Scans, after: Scans): Scans {
  const read = Object.entries(after).map(([name, rows]) => [name, rows - (before[name] ?? 0)] as const);
  return Object.fromEntries(read.filter(([, rows]) => rows > 0));
}
