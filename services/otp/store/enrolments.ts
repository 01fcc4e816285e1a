import type { RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import { type Sealed, type SealedColumns, toSealed } from './sealed-columns.ts';

/** Tries that a pending enrolment has; they never touch the count of an active factor. */
const maxTries = 5;

export interface PendingEnrolment {
  enrolmentId: string;
  username: string;
  secret: Sealed;
}

interface Row extends SealedColumns {
  enrolment_id: string;
  username: string;
}

const toEnrolment = (row: Row): PendingEnrolment => ({
  enrolmentId: row.enrolment_id,
  username: row.username,
  secret: toSealed(row),
});

/** Puts a pending enrolment in the place of an earlier one, and sweeps some that lapsed; false if a factor is active. */
export async function replaceEnrolment(
  db: Queryable,
  userId: string,
  { enrolmentId, username, secret }: PendingEnrolment,
  lifeSeconds: number,
  event: RecordedEvent,
): Promise<boolean> {
  const placed = await db.query(
    `with swept as (
       delete from otp.enrolment where user_id in (
         select user_id from otp.enrolment where expires_at < clock_timestamp() and user_id <> $1
         order by expires_at limit 10 for update skip locked)
     ), placed as (
       insert into otp.enrolment (user_id, enrolment_id, username, key_id, nonce, ciphertext, expires_at)
       select $1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, $6::bytea,
         clock_timestamp() + make_interval(secs => $7::integer)
       where not exists (select from otp.factor where user_id = $1 and active)
       on conflict on constraint enrolment_pk do update set
         enrolment_id = excluded.enrolment_id, username = excluded.username, key_id = excluded.key_id,
         nonce = excluded.nonce, ciphertext = excluded.ciphertext, attempts = 0,
         created_at = excluded.created_at, expires_at = excluded.expires_at
       returning user_id
     ), recorded as (
       insert into otp.outbox (event_id, body) select $8::uuid, $9::text from placed
     )
     select user_id from placed`,
    [userId, enrolmentId, username, secret.keyId, secret.nonce, secret.ciphertext, lifeSeconds, event.id, event.body],
  );
  return placed.length === 1;
}

/** Deletes some enrolments that lapsed; how many. */
export async function deleteLapsed(db: Queryable, limit: number): Promise<number> {
  const deleted = await db.query(
    `delete from otp.enrolment where user_id in (
       select user_id from otp.enrolment where expires_at < clock_timestamp()
       order by expires_at limit $1 for update skip locked)
     returning user_id`,
    [limit],
  );
  return deleted.length;
}

/** The enrolment that can still be confirmed. */
export async function findPendingEnrolment(db: Queryable, userId: string): Promise<PendingEnrolment | undefined> {
  const [row] = await db.query<Row>(
    `select enrolment_id, username, key_id, nonce, ciphertext from otp.enrolment e
     where user_id = $1 and attempts < $2 and expires_at > clock_timestamp()
       and not exists (select from otp.factor f where f.user_id = e.user_id and f.active)`,
    [userId, maxTries],
  );
  return row && toEnrolment(row);
}

/** Takes one try of the pending enrolment, before its secret is opened, and says whether a factor is active instead. */
export async function takeTry(
  db: Queryable,
  userId: string,
): Promise<{ active: boolean; lastStep: number; enrolment: PendingEnrolment | undefined }> {
  const [row] = await db.query<{ active: boolean; last_step: number } & (Row | { enrolment_id: null })>(
    `with factor as (
       select active, last_step from otp.factor where user_id = $1
     ), tried as (
       update otp.enrolment set attempts = attempts + 1
       where user_id = $1 and attempts < $2 and expires_at > clock_timestamp()
         and not exists (select from factor where active)
       returning enrolment_id, username, key_id, nonce, ciphertext
     )
     select coalesce(factor.active, false) as active, coalesce(factor.last_step, 0) as last_step, tried.*
     from (values (1)) as one left join factor on true left join tried on true`,
    [userId, maxTries],
  );
  if (!row) return { active: false, lastStep: 0, enrolment: undefined };
  const enrolment = row.enrolment_id === null ? undefined : toEnrolment(row);
  return { active: row.active, lastStep: row.last_step, enrolment };
}
