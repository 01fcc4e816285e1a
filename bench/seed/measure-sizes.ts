import type { Queryable } from '@sallyport/postgres';

/** What PostgreSQL keeps of one thing, its indexes included, in bytes. */
export interface Sizes {
  account: number;
  factor: number;
  device: number;
  session: number;
  event: number;
}

/** Tables that grow with each, and the one whose rows are counted. */
const tables: Record<keyof Sizes, [string, ...string[]]> = {
  account: ['users.account', 'gateway.subject'],
  factor: ['otp.factor', 'otp.lane', 'otp.recovery_set', 'otp.recovery_code'],
  device: ['gateway.device'],
  session: ['gateway.session'],
  event: ['gateway.audit_log', 'gateway.audit_personal', 'gateway.audit_seen', 'users.outbox', 'otp.outbox'],
};

/** NaN of what there is none of. */
export async function measureSizes(db: Queryable): Promise<Sizes> {
  const measured = await Promise.all(
    Object.entries(tables).map(async ([name, [counted, ...others]]) => {
      const [row] = await db.query<{ bytes: number; rows: number }>(
        `select (select sum(pg_total_relation_size(each.id)) from (
             select name::regclass::oid as id from unnest($1::text[]) as name
             union all select inhrelid from pg_inherits where inhparent = any ($1::text[]::regclass[])) as each)::bigint as bytes,
           (select count(*) from ${counted}) as rows`,
        [[counted, ...others]],
      );
      return [name, row && row.rows > 0 ? row.bytes / row.rows : Number.NaN] as const;
    }),
  );
  return Object.fromEntries(measured) as unknown as Sizes;
}
