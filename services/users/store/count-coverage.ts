import type { users } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';

type Factors = { with_factor: number; without_factor: number };
type Row = { role: string | null; locked: number } & Factors;

/** Counts all accounts from indexes alone, and those that have roles by role; of one snapshot. */
export async function countCoverage(db: Queryable): Promise<users.Coverage> {
  const rows = await db.query<Row>(
    `with everybody as (
       select count(*) filter (where otp_enabled) as with_factor, count(*) filter (where not otp_enabled) as without_factor
       from users.account
     ), holders as materialized (
       select otp_enabled, roles from users.account where roles <> '{}'
     ), anyone as (
       select count(*) filter (where otp_enabled) as with_factor, count(*) filter (where not otp_enabled) as without_factor
       from holders
     )
     select null as role, with_factor, without_factor,
       (select count(*) from users.account where locked_at is not null) as locked from everybody
     union all
     select 'none', e.with_factor - a.with_factor, e.without_factor - a.without_factor, 0 from everybody e, anyone a
     union all
     select role, count(*) filter (where otp_enabled), count(*) filter (where not otp_enabled), 0
     from holders, unnest(roles) as role group by role order by 1`,
  );
  const all = rows.find((row) => row.role === null) ?? { with_factor: 0, without_factor: 0, locked: 0 };
  const byRole = rows.filter((row): row is Row & { role: string } => row.role !== null);
  return {
    accounts: all.with_factor + all.without_factor,
    with_factor: all.with_factor,
    without_factor: all.without_factor,
    locked: all.locked,
    by_role: Object.fromEntries(byRole.map(({ role, ...row }) => [role, factorsOf(row)])),
  };
}

function factorsOf({ with_factor, without_factor }: Factors): Factors {
  return { with_factor, without_factor };
}
