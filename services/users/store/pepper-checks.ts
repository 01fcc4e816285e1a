import type { Queryable } from '@sallyport/postgres';

/** The check value of every pepper that was ever in use, by id. */
export async function findPepperChecks(db: Queryable): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; check_value: string }>('select id, check_value from users.pepper');
  return new Map(rows.map((row) => [row.id, row.check_value]));
}

/** Remembers the check values of new ids; known ones stay as they are. */
export async function rememberPepperChecks(db: Queryable, checks: ReadonlyMap<string, string>): Promise<void> {
  await db.query(
    `insert into users.pepper (id, check_value) select * from unnest($1::text[], $2::text[])
     on conflict on constraint pepper_pk do nothing`,
    [[...checks.keys()], [...checks.values()]],
  );
}
