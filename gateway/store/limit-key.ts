import type { Queryable } from '@sallyport/postgres';

/** The key under which the store of limits knows accounts: made with the schema, the same for all gateways. */
export async function getLimitKey(db: Queryable): Promise<Buffer> {
  const [row] = await db.query<{ key: Buffer }>('select key from gateway.limit_key');
  if (!row) throw new Error('the key of the limits is missing');
  return row.key;
}
