import type { Queryable } from '@sallyport/postgres';

export type CursorName = 'relay' | 'projector';

/** The number of the last event that this consumer is done with. */
export async function getCursor(db: Queryable, name: CursorName): Promise<number> {
  const [row] = await db.query<{ sequence: number }>('select sequence from gateway.cursor where name = $1', [name]);
  if (!row) throw new Error(`the cursor ${name} is missing`);
  return row.sequence;
}

/** Moves a cursor by compare-and-set; false when someone else moved it. */
export async function moveCursor(db: Queryable, name: CursorName, from: number, to: number): Promise<boolean> {
  const rows = await db.query(
    'update gateway.cursor set sequence = $3 where name = $1 and sequence = $2 returning sequence',
    [name, from, to],
  );
  return rows.length === 1;
}
