/*
 * Whether the ring fits the table. Starting with a pepper missing or exchanged would refuse every
 * password that was hashed under it, as if it were wrong, so it is found before the first one is asked for.
 */
import { createHmac } from 'node:crypto';
import type { Key, KeyRing } from '@sallyport/config';
import type { Queryable } from '@sallyport/postgres';
import { countOfPepper, findHashKinds, mostCounted } from '../store/hash-kinds.ts';
import { findPepperChecks, rememberPepperChecks } from '../store/pepper-checks.ts';

/** One sentence on what is wrong with the ring, else undefined; ids that are new are remembered. */
export async function findPepperFault(db: Queryable, ring: KeyRing): Promise<string | undefined> {
  const named = new Set((await findHashKinds(db)).map(({ pepperId }) => pepperId));
  const missing = [...named].filter((id) => ring.find(id) === undefined);
  if (missing.length > 0) {
    const counted = await Promise.all(missing.map(async (id) => `${id} (${await describeRows(db, id)})`));
    return `PASSWORD_PEPPERS lacks keys that password hashes name: ${counted.join(', ')}`;
  }
  const exchanged = await findExchanged(db, ring);
  if (exchanged === undefined) {
    await rememberPepperChecks(db, new Map(ring.keys.map((key) => [key.id, checkOf(key)])));
    // Another instance may have remembered the same id at the same time.
    if ((await findExchanged(db, ring)) === undefined) return undefined;
  }
  const id = exchanged?.id ?? 'of another instance';
  return `PASSWORD_PEPPERS: the id ${id} stands for another key than before (${await describeRows(db, id)})`;
}

async function describeRows(db: Queryable, pepperId: string): Promise<string> {
  const count = await countOfPepper(db, pepperId);
  if (count === mostCounted) return `${count} rows or more`;
  return `${count} ${count === 1 ? 'row' : 'rows'}`;
}

async function findExchanged(db: Queryable, ring: KeyRing): Promise<Key | undefined> {
  const known = await findPepperChecks(db);
  return ring.keys.find((key) => known.has(key.id) && known.get(key.id) !== checkOf(key));
}

function checkOf(key: Key): string {
  return createHmac('sha256', key.bytes).update('sallyport/pepper-check/1').digest('hex');
}
