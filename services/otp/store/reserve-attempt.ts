/*
 * Reserving an attempt (promise 3; RFC 4226 section 7.3): counted before anything is checked, in one statement that
 * commits on its own, so that no crash, rollback or concurrent answer loses the count.
 * - The lane's row lock puts concurrent attempts in line. The one that reaches the limit sets the lock itself, so those
 *   behind it are refused: of any number at once exactly the allowed number is looked at.
 * - A locked lane counts nothing and prolongs nothing. Neither does an account without an active factor, or a caller
 *   that works with another version of it.
 * - Only an accepted code moves `accepted_at`, and only up to that attempt's own number (see claim-code.ts).
 */
import type { RecordedEvent } from '@sallyport/contracts';
import { gathered, joinTexts, lockPatience, patienceOf, type Queryable, textList } from '@sallyport/postgres';
import { type LockLimits, lockEnd } from './lock-end.ts';
import { type Sealed, type SealedColumns, toSealed } from './sealed-columns.ts';

/** The factor as it was when the attempt was reserved. */
export interface ReservedFactor {
  version: number;
  enrolmentId: string;
  secret: Sealed;
  lastStep: number;
  lastChallenge: string | null;
  recoverySet: { setId: string; sealedKey: Sealed } | undefined;
}

export type Reservation =
  | { outcome: 'reserved'; factor: ReservedFactor; attempt: number; events: RecordedEvent[] }
  | { outcome: 'locked'; retryAfterSeconds: number }
  | { outcome: 'no-factor' }
  | { outcome: 'overtaken' };

/** The event of a lock, to be recorded if there is one; its count is known only then. */
export interface LockedEvent {
  id: string;
  withCount(count: number | string): string;
  parts: readonly [before: string, after: string];
}

interface Row extends SealedColumns {
  user_id: string;
  lane: string;
  version: number;
  active: boolean;
  enrolment_id: string;
  last_step: number;
  last_challenge: string | null;
  set_id: string | null;
  set_key_id: string;
  set_nonce: Buffer;
  set_ciphertext: Buffer;
  attempts: number | null;
  wrong_in_row: number;
  locked: boolean;
}

const reserve = `
  with asked as materialized (
    select asked.*
    from ${lockPatience(9)}, unnest($1::uuid[], $2::text[], $3::bigint[], $6::uuid[], ${textList(7)}, ${textList(8)})
      as asked (user_id, lane, version, event_id, before, after)
  ), factor as (
    select * from otp.factor where user_id = any ($1::uuid[])
  ), taken as (
    insert into otp.lane as lane (user_id, lane, attempts, locked_until)
    select user_id, asked.lane, 1, ${lockEnd('1', '$4::bigint', '$5::bigint')}
    from factor join asked using (user_id)
    where active and (asked.version is null or factor.version = asked.version)
    order by user_id, asked.lane
    on conflict on constraint lane_pk do update set
      attempts = lane.attempts + 1,
      locked_until = ${lockEnd('(lane.attempts + 1 - lane.accepted_at)', '$4::bigint', '$5::bigint')}
    where lane.locked_until is null or lane.locked_until <= clock_timestamp()
    returning user_id, lane.lane, attempts, attempts - accepted_at as wrong_in_row, locked_until is not null as locked
  ), recorded as (
    insert into otp.outbox (event_id, body)
    select event_id, before || wrong_in_row || after from taken join asked using (user_id, lane) where locked
  ), recovery_set as (
    select * from otp.recovery_set where user_id = any ($1::uuid[])
  )
  select user_id, asked.lane, factor.version, factor.active, factor.enrolment_id, factor.key_id, factor.nonce, factor.ciphertext,
    factor.last_step, factor.last_challenge, taken.attempts, taken.wrong_in_row, taken.locked,
    s.set_id, s.key_id as set_key_id, s.nonce as set_nonce, s.ciphertext as set_ciphertext
  from asked join factor using (user_id) left join taken using (user_id, lane) left join recovery_set s using (user_id)`;

interface Asked {
  userId: string;
  lane: string;
  factorVersion: number | undefined;
  limits: LockLimits;
  lockedEvent: LockedEvent;
}

/** Those of one group work with the limits of one process, and each lane is in it once. */
const reserveAll = gathered(
  async (db, asked: readonly Asked[]) => {
    const [{ limits }] = asked as readonly [Asked];
    const rows = await db.query<Row>(reserve, [
      asked.map((one) => one.userId),
      asked.map((one) => one.lane),
      asked.map((one) => one.factorVersion ?? null),
      limits.lockAfter,
      limits.hardLockAfter,
      asked.map((one) => one.lockedEvent.id),
      joinTexts(asked.map((one) => one.lockedEvent.parts[0])),
      joinTexts(asked.map((one) => one.lockedEvent.parts[1])),
      patienceOf(asked),
    ]);
    return asked.map(({ userId, lane }) => rows.find((row) => row.user_id === userId && row.lane === lane));
  },
  { keyOf: ({ userId, lane }) => `${userId} ${lane}` },
);

export async function reserveAttempt(db: Queryable, asked: Asked): Promise<Reservation> {
  const { userId, lane, factorVersion, lockedEvent } = asked;
  const row = await reserveAll(db, asked);
  if (!row?.active) return { outcome: 'no-factor' };
  if (factorVersion !== undefined && row.version !== factorVersion) return { outcome: 'overtaken' };
  if (row.attempts === null) return { outcome: 'locked', retryAfterSeconds: await findLockSeconds(db, userId, lane) };
  const events = row.locked ? [{ id: lockedEvent.id, body: lockedEvent.withCount(row.wrong_in_row) }] : [];
  return { outcome: 'reserved', factor: toFactor(row), attempt: row.attempts, events };
}

function toFactor(row: Row): ReservedFactor {
  return {
    version: row.version,
    enrolmentId: row.enrolment_id,
    secret: toSealed(row),
    lastStep: row.last_step,
    lastChallenge: row.last_challenge,
    recoverySet: row.set_id === null ? undefined : { setId: row.set_id, sealedKey: toSealedKey(row) },
  };
}

function toSealedKey(row: Row): Sealed {
  return { keyId: row.set_key_id, nonce: row.set_nonce, ciphertext: row.set_ciphertext };
}

/** Whole seconds until the lock ends, at least 1; a lock without end counts as an hour. */
async function findLockSeconds(db: Queryable, userId: string, lane: string): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `select ceil(extract(epoch from least(locked_until, clock_timestamp() + interval '1 hour') - clock_timestamp()))::int
       as seconds
     from otp.lane where user_id = $1 and lane = $2 and locked_until is not null`,
    [userId, lane],
  );
  return Math.max(row?.seconds ?? 1, 1);
}
