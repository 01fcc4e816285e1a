import type { otp } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';

/** The factor of an account; also of one that never had any. */
export async function findFactor(db: Queryable, userId: string): Promise<otp.Factor> {
  const [row] = await db.query<{ active: boolean; version: number; enabled_at: Date | null; left: number }>(
    `select f.active, f.version, f.enabled_at, (
       select count(*) from otp.recovery_set s join otp.recovery_code c using (set_id)
       where s.user_id = f.user_id and c.used_at is null) as left
     from otp.factor f where f.user_id = $1`,
    [userId],
  );
  return {
    user_id: userId,
    active: row?.active ?? false,
    factor_version: row?.version ?? 0,
    enabled_at: row?.enabled_at?.toISOString() ?? null,
    recovery_codes_left: row?.left ?? 0,
  };
}

export interface Flag {
  id: string;
  active: boolean;
  factor_version: number;
}

/** Factors in the order of ids, past `after`. */
export async function listFlags(db: Queryable, after: string, limit: number): Promise<Flag[]> {
  return db.query<Flag>(
    `select user_id as id, active, version as factor_version from otp.factor
     where user_id > $1::uuid order by user_id limit $2`,
    [after, limit],
  );
}

/**
 * Turns the pending enrolment into the active factor, with the step of the confirming code spent, and starts all lanes
 * afresh; the new version, or undefined where a newer enrolment replaced this one, a factor is active, or the step was
 * accepted before. The enrolment's row is locked first and deleted last, so that it is all or nothing.
 */
export async function activateFactor(
  tx: Queryable,
  userId: string,
  enrolmentId: string,
  step: number,
): Promise<number | undefined> {
  const [row] = await tx.query<{ version: number }>(
    `with pending as (
       select * from otp.enrolment where user_id = $1 and enrolment_id = $2 for update
     ), activated as (
       insert into otp.factor as factor
         (user_id, version, active, enrolment_id, key_id, nonce, ciphertext, last_step, enabled_at)
       select user_id, 1, true, enrolment_id, key_id, nonce, ciphertext, $3::bigint, clock_timestamp() from pending
       on conflict on constraint factor_pk do update set
         version = factor.version + 1, active = true, enrolment_id = excluded.enrolment_id, key_id = excluded.key_id,
         nonce = excluded.nonce, ciphertext = excluded.ciphertext, last_step = excluded.last_step,
         enabled_at = excluded.enabled_at
       where not factor.active and factor.last_step < excluded.last_step
       returning user_id, version
     ), confirmed as (
       delete from otp.enrolment using activated
       where enrolment.user_id = activated.user_id and enrolment.enrolment_id = $2
     ), lanes as (
       update otp.lane set accepted_at = attempts, locked_until = null
       from activated where lane.user_id = activated.user_id
     )
     select version from activated`,
    [userId, enrolmentId, step],
  );
  return row?.version;
}

/**
 * Takes the factor away, with its secret, recovery codes and any pending enrolment; the row stays. Returns the new
 * version. Only in the transaction that has claimed a code of that version, and so holds the row.
 */
export async function removeFactor(tx: Queryable, userId: string, version: number): Promise<number> {
  const [row] = await tx.query<{ version: number }>(
    `with removed as (
       update otp.factor set version = version + 1, active = false, enrolment_id = null, key_id = null, nonce = null,
         ciphertext = null, enabled_at = null
       where user_id = $1 and active and version = $2
       returning user_id, version
     ), codes as (
       delete from otp.recovery_set using removed where recovery_set.user_id = removed.user_id
     ), pending as (
       delete from otp.enrolment using removed where enrolment.user_id = removed.user_id
     )
     select version from removed`,
    [userId, version],
  );
  if (!row) throw new Error('the factor to remove is not the one that was claimed');
  return row.version;
}
