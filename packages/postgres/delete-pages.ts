import type { Queryable } from './db.ts';

const pageRows = 1_000;
const mostPages = 50;

/**
 * Deletes what a condition finds, a page at a time so that no statement lasts, until a page isn't full; what is left
 * after 50 pages is for the next time.
 * @param key the columns of the primary key
 */
export async function deletePages(db: Queryable, table: string, key: string, condition: string): Promise<void> {
  const page = `with page as (
      delete from ${table} where (${key}) in (select ${key} from ${table} where ${condition} limit ${pageRows})
      returning 1)
    select count(*)::int as count from page`;
  for (let at = 0; at < mostPages; at += 1) {
    const [row] = await db.query<{ count: number }>(page);
    if (row === undefined || row.count < pageRows) return;
  }
}
