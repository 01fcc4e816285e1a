import type { Queryable } from '@sallyport/postgres';
import type { Sealed } from './sealed-columns.ts';

/** Recovery codes as they are kept: hashed under a key of their own. */
export interface StoredRecoverySet {
  setId: string;
  sealedKey: Sealed;
  hashes: Buffer[];
}

/** Puts a set in the place of an earlier one, whose codes are void from then on. Only inside a transaction. */
export async function replaceRecoverySet(tx: Queryable, userId: string, set: StoredRecoverySet): Promise<void> {
  const { setId, sealedKey, hashes } = set;
  await tx.query('delete from otp.recovery_set where user_id = $1', [userId]);
  await tx.query(
    `with made as (
       insert into otp.recovery_set (user_id, set_id, key_id, nonce, ciphertext, codes_left)
       values ($1, $2, $3, $4, $5, cardinality($6::bytea[]))
       returning set_id
     )
     insert into otp.recovery_code (set_id, hash) select made.set_id, hash from made, unnest($6::bytea[]) as hash`,
    [userId, setId, sealedKey.keyId, sealedKey.nonce, sealedKey.ciphertext, hashes],
  );
}

/** How many accounts have fewer than three recovery codes left. */
export async function countFewCodes(db: Queryable): Promise<number> {
  const [row] = await db.query<{ few: number }>('select count(*) as few from otp.recovery_set where codes_left < 3');
  return row?.few ?? 0;
}
