import type { Queryable } from '@sallyport/postgres';
import { findLog } from './store/log.ts';

/** A page of the log: the events' canonical texts as they are stored, and the number of the last one, else `after`. */
export async function readEvents(
  db: Pick<Queryable, 'query'>,
  { after, limit }: { after: number; limit: number },
): Promise<{ bodies: string[]; lastSequence: string }> {
  const rows = await findLog(db, after, limit);
  return { bodies: rows.map((row) => row.body), lastSequence: String(rows.at(-1)?.sequence ?? after) };
}
