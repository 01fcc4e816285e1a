import type { Queryable } from '@sallyport/postgres';

export async function findDecoyKey(db: Queryable): Promise<Buffer> {
  const [row] = await db.query<{ bytes: Buffer }>('select bytes from users.decoy_key');
  if (!row) throw new Error('users.decoy_key is empty: restore it from a backup');
  return row.bytes;
}
