import type { Queryable } from '@sallyport/postgres';
import type { Proof } from './claim-code.ts';

/** What decides over a claim; `code` says whether the set knows the recovery code, where one is claimed. */
export interface ClaimState {
  current: boolean;
  lastStep: number;
  lastChallenge: string | null;
  code: 'unknown' | 'unused' | 'used';
}

/** What a claim meets now: the factor, and the row of the recovery code if that is the proof. */
export async function findClaimState(
  db: Queryable,
  asked: { userId: string; factorVersion: number; proof: Proof },
): Promise<ClaimState> {
  const { userId, factorVersion, proof } = asked;
  const code = proof.method === 'recovery_code' ? [proof.setId, proof.hash] : [null, null];
  const [row] = await db.query<{
    current: boolean;
    last_step: number;
    last_challenge: string;
    code: ClaimState['code'];
  }>(
    `select f.active and f.version = $2 as current, f.last_step, f.last_challenge,
       case when c.hash is null then 'unknown' when c.used_at is null then 'unused' else 'used' end as code
     from otp.factor f left join otp.recovery_code c on c.set_id = $3::uuid and c.hash = $4::bytea
     where f.user_id = $1`,
    [userId, factorVersion, ...code],
  );
  if (!row) return { current: false, lastStep: 0, lastChallenge: null, code: 'unknown' };
  return { current: row.current, lastStep: row.last_step, lastChallenge: row.last_challenge, code: row.code };
}
