import type { Queryable } from './db.ts';

/** The database's clock, in milliseconds since 1970. */
export async function databaseNow(db: Queryable): Promise<number> {
  const [row] = await db.query<{ ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms');
  if (row === undefined) throw new Error('the database has no clock');
  return row.ms;
}
