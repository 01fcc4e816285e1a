/*
 * Whether the ring fits the table. Starting with a pepper missing or exchanged would refuse every
 * password that was hashed under it, as if it were wrong, so it is found before the first one is asked for.
 */
import { createHmac } from 'node:crypto';
import type { Key, KeyRing } from '@sallyport/config';
import type { Queryable } from '@sallyport/postgres';
import { countHashKinds } from '../store/count-hash-kinds.ts';
import { findPepperChecks, rememberPepperChecks } from '../store/pepper-checks.ts';

/** One sentence on what is wrong with the ring, else undefined; ids that are new are remembered. */
export async function findPepperFault(db: Queryable, ring: KeyRing): Promise<string | undefined> {
  const rows = new Map<string, number>();
  for (const { pepperId, accounts } of await countHashKinds(db)) {
    rows.set(pepperId, (rows.get(pepperId) ?? 0) + accounts);
  }
  const missing = [...rows].filter(([id]) => ring.find(id) === undefined);
  if (missing.length > 0) {
    const named = missing.map(([id, count]) => `${id} (${count} ${count === 1 ? 'row' : 'rows'})`).join(', ');
    return `PASSWORD_PEPPERS lacks keys that password hashes name: ${named}`;
  }
  const exchanged = await findExchanged(db, ring);
  if (exchanged === undefined) {
    await rememberPepperChecks(db, new Map(ring.keys.map((key) => [key.id, checkOf(key)])));
    // Another instance may have remembered the same id at the same time.
    if ((await findExchanged(db, ring)) === undefined) return undefined;
  }
  const id = exchanged?.id ?? 'of another instance';
  const count = rows.get(id) ?? 0;
  return `PASSWORD_PEPPERS: the id ${id} stands for another key than before (${count} ${count === 1 ? 'row' : 'rows'})`;
}

async function findExchanged(db: Queryable, ring: KeyRing): Promise<Key | undefined> {
  const known = await findPepperChecks(db);
  return ring.keys.find((key) => known.has(key.id) && known.get(key.id) !== checkOf(key));
}

function checkOf(key: Key): string {
  return createHmac('sha256', key.bytes).update('sallyport/pepper-check/1').digest('hex');
}
