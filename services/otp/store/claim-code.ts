/*
 * Claiming a code (promise 1; RFC 6238 section 5.2: "must not accept the second attempt"): the last word, one statement
 * with its event and with the end of the lane's row of wrong codes. It takes the factor's row only if it is still the
 * same active factor, the step lies past every step accepted before, and the challenge has not spent a code yet.
 * - Postgres decides: of any number of concurrent claims the row lock lets one through, and the others see its step.
 * - `accepted_at` goes to the number of the accepted attempt, never to the newest: guesses reserved meanwhile still
 *   count.
 * - Where its owner is to be told, the wrong codes of all lanes since the last time are counted, and marked as told: of
 *   rows that are locked first, so that a guess which commits meanwhile is counted now or next time.
 * - For a recovery code the factor's row is locked first and written last, so that it is all or nothing.
 */
import type { RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
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

const wrongInRow = '(lane.attempts - greatest(lane.accepted_at, $5))';

const wrongCodes = `(
    select coalesce(sum(greatest(case when lane = $4 then $5::bigint - 1 else attempts end
      - greatest(accepted_at, told), 0)), 0)
    from counted
  ) as wrong_codes`;

const afterwards = `
  counted as (
    select lane.* from claimed join otp.lane using (user_id) order by lane.lane for update of lane
  ), lane as (
    update otp.lane set
      accepted_at = greatest(lane.accepted_at, $5::bigint),
      locked_until = case when ${locks(wrongInRow, '$6::bigint', '$7::bigint')} then lane.locked_until end,
      told = case when $10 then greatest(lane.told, $5) else lane.told end
    from claimed where lane.user_id = claimed.user_id and lane.lane = $4
  ), others as (
    update otp.lane set told = counted.attempts
    from counted where $10::boolean and lane.user_id = counted.user_id and lane.lane = counted.lane
      and lane.lane <> $4 and counted.told < counted.attempts
  ), recorded as (
    insert into otp.outbox (event_id, body) select $8::uuid, $9::text from claimed
  )`;

const claimStep = `
  with claimed as (
    update otp.factor set last_step = $11, last_challenge = $3
    where user_id = $1 and active and version = $2 and last_step < $11::bigint and last_challenge is distinct from $3
    returning user_id
  ), ${afterwards}
  select (
    select count(*) from otp.recovery_set s join otp.recovery_code c using (set_id)
    where s.user_id = claimed.user_id and c.used_at is null
  ) as recovery_codes_left, ${wrongCodes} from claimed`;

const claimRecoveryCode = `
  with held as (
    select user_id from otp.factor
    where user_id = $1 and active and version = $2 and last_challenge is distinct from $3
    for update
  ), used as (
    update otp.recovery_code set used_at = clock_timestamp(), used_challenge = $3
    from held where set_id = $11::uuid and hash = $12::bytea and used_at is null
    returning held.user_id
  ), claimed as (
    update otp.factor set last_challenge = $3 from used where factor.user_id = used.user_id
    returning factor.user_id
  ), fewer as (
    update otp.recovery_set set codes_left = codes_left - 1 from claimed where set_id = $11
    returning codes_left
  ), ${afterwards}
  select (select codes_left from fewer) as recovery_codes_left, ${wrongCodes} from claimed`;

export interface Claimed {
  recoveryCodesLeft: number;
  /** Wrong codes of all lanes that the owner hasn't been told of. */
  wrongCodes: number;
}

/** What is left after the claim, or undefined where it was refused and nothing was changed. */
export async function claimCode(tx: Queryable, claim: Claim): Promise<Claimed | undefined> {
  const { proof, limits, event } = claim;
  const [row] = await tx.query<{ recovery_codes_left: number; wrong_codes: string }>(
    proof.method === 'otp' ? claimStep : claimRecoveryCode,
    [
      claim.userId,
      claim.factorVersion,
      claim.challenge,
      claim.lane,
      claim.attempt,
      limits.lockAfter,
      limits.hardLockAfter,
      event.id,
      event.body,
      claim.tell,
      ...(proof.method === 'otp' ? [proof.step] : [proof.setId, proof.hash]),
    ],
  );
  return row && { recoveryCodesLeft: row.recovery_codes_left, wrongCodes: Number(row.wrong_codes) };
}
