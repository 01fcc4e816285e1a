/*
 * Claiming a code (promise 1; RFC 6238 section 5.2: "must not accept the second attempt"): the last word, one statement
 * with its event and with the end of the lane's row of wrong codes. It takes the factor's row only if it is still the
 * same active factor, the step lies past every step accepted before, and the challenge has not spent a code yet.
 * - Postgres decides: of any number of concurrent claims the row lock lets one through, and the others see its step.
 * - `accepted_at` goes to the number of the accepted attempt, never to the newest: guesses reserved meanwhile still
 *   count.
 * - Where its owner is to be told, the wrong codes of all lanes since the last time are counted, and marked as told: of
 *   rows that are locked first, so that a guess which commits meanwhile is counted now or next time.
 * - The factor's row is locked first, in the order of accounts, and what decides is read of it then; for a recovery code it is
 *   written last, so that it is all or nothing.
 */
import type { RecordedEvent } from '@sallyport/contracts';
import { gathered, joinTexts, lockPatience, patienceOf, type Queryable, textList } from '@sallyport/postgres';
import { type LockLimits, locks } from './lock-end.ts';

export type Proof = { method: 'otp'; step: number } | { method: 'recovery_code'; setId: string; hash: Buffer };

export interface Claim {
  userId: string;
  factorVersion: number;
  challenge: string;
  lane: string;
  attempt: number;
  limits: LockLimits;
  tell: boolean;
  proof: Proof;
  event: RecordedEvent;
}

const wrongInRow = '(lane.attempts - greatest(lane.accepted_at, claimed.attempt))';

const wrongCodes = `(
    select coalesce(sum(greatest(case when counted.lane = claimed.lane then claimed.attempt - 1 else attempts end
      - greatest(accepted_at, told), 0)), 0)
    from counted where counted.user_id = claimed.user_id
  ) as wrong_codes`;

const asked = `
  asked as materialized (
    select asked.* from ${lockPatience(14)}, unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $8::uuid[],
        ${textList(9)}, $10::boolean[], $11::bigint[], $12::uuid[], $13::bytea[])
      as asked (user_id, version, challenge, lane, attempt, event_id, body, tell, step, set_id, hash)
  )`;

const afterwards = `
  counted as (
    select lane.* from otp.lane where user_id = any ($1) and user_id in (select user_id from claimed)
    order by user_id, lane for update
  ), lane as (
    update otp.lane set
      accepted_at = greatest(lane.accepted_at, claimed.attempt),
      locked_until = case when ${locks(wrongInRow, '$6::bigint', '$7::bigint')} then lane.locked_until end,
      told = case when claimed.tell then greatest(lane.told, claimed.attempt) else lane.told end
    from claimed where lane.user_id = any ($1) and lane.user_id = claimed.user_id and lane.lane = claimed.lane
  ), others as (
    update otp.lane set told = counted.attempts
    from counted join claimed using (user_id)
    where lane.user_id = any ($1) and claimed.tell and lane.user_id = counted.user_id and lane.lane = counted.lane
      and lane.lane <> claimed.lane and counted.told < counted.attempts
  ), recorded as (
    insert into otp.outbox (event_id, body) select event_id, body from claimed
  )`;

const claimStep = `
  with ${asked}, held as (
    select asked.* from otp.factor join asked using (user_id)
    where user_id = any ($1) and active and factor.version = asked.version
      and last_step < asked.step and last_challenge is distinct from asked.challenge
    order by user_id for update of factor
  ), claimed as (
    update otp.factor set last_step = held.step, last_challenge = held.challenge
    from held where factor.user_id = any ($1) and factor.user_id = held.user_id
    returning held.*
  ), ${afterwards}
  select event_id, coalesce((select codes_left from otp.recovery_set s where s.user_id = claimed.user_id), 0)
    as recovery_codes_left, ${wrongCodes}
  from claimed`;

const claimRecoveryCode = `
  with ${asked}, held as (
    select asked.* from otp.factor join asked using (user_id)
    where user_id = any ($1) and active and factor.version = asked.version
      and last_challenge is distinct from asked.challenge
    order by user_id for update of factor
  ), used as (
    update otp.recovery_code c set used_at = clock_timestamp(), used_challenge = held.challenge
    from held where c.set_id = any ($12) and c.set_id = held.set_id and c.hash = held.hash and used_at is null
    returning held.*
  ), claimed as (
    update otp.factor set last_challenge = used.challenge
    from used where factor.user_id = any ($1) and factor.user_id = used.user_id
    returning used.*
  ), fewer as (
    update otp.recovery_set s set codes_left = codes_left - 1
    from claimed where s.set_id = any ($12) and s.set_id = claimed.set_id
    returning s.set_id, codes_left
  ), ${afterwards}
  select event_id, (select codes_left from fewer where fewer.set_id = claimed.set_id) as recovery_codes_left, ${wrongCodes}
  from claimed`;

interface Row {
  event_id: string;
  recovery_codes_left: number;
  wrong_codes: string;
}

export interface Claimed {
  recoveryCodesLeft: number;
  /** Wrong codes of all lanes that the owner hasn't been told of. */
  wrongCodes: number;
}

const claimAll = (method: Proof['method']) =>
  gathered(
    async (db, claims: readonly Claim[]) => {
      const [{ limits }] = claims as readonly [Claim];
      const proofs = claims.map(({ proof }) => proof);
      const rows = await db.query<Row>(method === 'otp' ? claimStep : claimRecoveryCode, [
        claims.map((claim) => claim.userId),
        claims.map((claim) => claim.factorVersion),
        claims.map((claim) => claim.challenge),
        claims.map((claim) => claim.lane),
        claims.map((claim) => claim.attempt),
        limits.lockAfter,
        limits.hardLockAfter,
        claims.map((claim) => claim.event.id),
        joinTexts(claims.map((claim) => claim.event.body)),
        claims.map((claim) => claim.tell),
        proofs.map((proof) => (proof.method === 'otp' ? proof.step : null)),
        proofs.map((proof) => (proof.method === 'otp' ? null : proof.setId)),
        proofs.map((proof) => (proof.method === 'otp' ? null : proof.hash)),
        patienceOf(claims),
      ]);
      return claims.map(({ event }) => rows.find((row) => row.event_id === event.id));
    },
    { keyOf: ({ userId }) => userId },
  );

const claimAllOf = { otp: claimAll('otp'), recovery_code: claimAll('recovery_code') };

/** What is left after the claim, or undefined where it was refused and nothing was changed. */
export async function claimCode(tx: Queryable, claim: Claim): Promise<Claimed | undefined> {
  const row = await claimAllOf[claim.proof.method](tx, claim);
  return row && { recoveryCodesLeft: row.recovery_codes_left, wrongCodes: Number(row.wrong_codes) };
}
