import type { Queryable } from '@sallyport/postgres';
import type { StoredHash } from '../hashing/password-hasher.ts';

/** Puts a new hash of the same password in place of the one that was verified, and of no other. */
export async function replaceHash(
  db: Queryable,
  { id, verified, renewed }: { id: string; verified: StoredHash; renewed: StoredHash },
): Promise<void> {
  await db.query('update users.account set password_hash = $3, pepper_id = $4 where id = $1 and password_hash = $2', [
    id,
    verified.hash,
    renewed.hash,
    renewed.pepperId,
  ]);
}
