import type { Queryable } from './db.ts';

const pageRows = 1_000;
const mostPages = 50;

/**
 * Deletes what a condition finds, a page at a time so that no statement lasts, until a page isn't full; what is left
 * after 50 pages is for the next time. Rows are deleted where the page found them: looked up by a key they might be joined
 * with the whole table. One that somebody changes meanwhile is elsewhere by then, and is left.
 * @param table of one piece, without partitions
 * @param condition that an index answers; in it the time is `now()`, since none answers for a clock that moves meanwhile
 */
export async function deletePages(db: Queryable, table: string, condition: string): Promise<void> {
  const page = `with page as (
      delete from ${table} where ctid = any (array(select ctid from ${table} where ${condition} limit ${pageRows}))
      returning 1)
    select count(*)::int as count from page`;
  for (let at = 0; at < mostPages; at += 1) {
    const [row] = await db.query<{ count: number }>(page);
    if (row === undefined || row.count < pageRows) return;
  }
}
