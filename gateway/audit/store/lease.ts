import type { Queryable } from '@sallyport/postgres';

/** Takes or renews a lease; false while someone else holds it. */
export async function holdLease(db: Queryable, name: string, holder: string, seconds: number): Promise<boolean> {
  const rows = await db.query(
    `insert into gateway.lease as l (name, holder, until)
     values ($1, $2, clock_timestamp() + make_interval(secs => $3))
     on conflict (name) do update set holder = excluded.holder, until = excluded.until
     where l.holder = excluded.holder or l.until < clock_timestamp()
     returning holder`,
    [name, holder, seconds],
  );
  return rows.length === 1;
}

export async function releaseLease(db: Queryable, name: string, holder: string): Promise<void> {
  await db.query('delete from gateway.lease where name = $1 and holder = $2', [name, holder]);
}
