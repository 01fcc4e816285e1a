import { randomBytes, randomUUID } from 'node:crypto';
import type { KeyRing } from '@sallyport/config';
import type { Queryable } from '@sallyport/postgres';
import { factorBinding, recoverySetBinding, seal } from '../domain/sealed.ts';

/** Accounts with a factor and a recovery set each, as the service would have written them; their ids in order. */
export async function fillSealed(db: Queryable, keys: KeyRing, accounts: number): Promise<string[]> {
  const ids = Array.from({ length: accounts }, () => randomUUID()).sort();
  const secrets = ids.map((userId) => {
    const [enrolment, set] = [randomUUID(), randomUUID()];
    return {
      enrolment,
      set,
      factor: seal(keys, randomBytes, randomBytes(20), factorBinding(userId, enrolment)),
      setKey: seal(keys, randomBytes, randomBytes(32), recoverySetBinding(userId, set)),
    };
  });
  await db.query(
    `insert into otp.factor (user_id, version, active, enrolment_id, key_id, nonce, ciphertext, enabled_at)
     select user_id, 1, true, id, $2, nonce, ciphertext, now()
     from unnest($1::uuid[], $3::uuid[], $4::bytea[], $5::bytea[]) as t (user_id, id, nonce, ciphertext)`,
    [
      ids,
      keys.current.id,
      secrets.map((it) => it.enrolment),
      secrets.map((it) => it.factor.nonce),
      secrets.map((it) => it.factor.ciphertext),
    ],
  );
  await db.query(
    `insert into otp.recovery_set (user_id, set_id, key_id, nonce, ciphertext)
     select user_id, id, $2, nonce, ciphertext
     from unnest($1::uuid[], $3::uuid[], $4::bytea[], $5::bytea[]) as t (user_id, id, nonce, ciphertext)`,
    [
      ids,
      keys.current.id,
      secrets.map((it) => it.set),
      secrets.map((it) => it.setKey.nonce),
      secrets.map((it) => it.setKey.ciphertext),
    ],
  );
  return ids;
}
