import { loginBlocked, type ReasonOf } from '@sallyport/audit/record';
import type { Account, otp, RequestContext } from '@sallyport/contracts';
import type { GatewayContext } from '../context.ts';
import type { Asker } from './asker.ts';
import type { EventLog } from './event-log.ts';

declare const proved: unique symbol;

/** That a code of the active factor was spent for this account, just now. Made only from otp's exact yes. */
export interface CodeProof {
  readonly kind: 'code';
  readonly userId: string;
  readonly factorVersion: number;
  readonly [proved]: true;
}

/** That otp says, at this version, that no factor is active, and users' flag doesn't say otherwise. */
export interface NoFactorProof {
  readonly kind: 'no-factor';
  readonly userId: string;
  readonly factorVersion: number;
  readonly [proved]: true;
}

export type Code = otp.UseCode['code'];

type Refusal =
  | { outcome: 'rejected'; reason: ReasonOf<'sallyport.login.failed'> }
  | { outcome: 'locked'; retryAfterSeconds: number }
  | { outcome: 'overtaken' };

export type CodeResult<Yes> = Refusal | { outcome: 'proved'; proof: CodeProof; answer: Yes };

type OtpRefusal = Exclude<otp.CodeVerification, { outcome: 'accepted' }>;

/**
 * Spends a code for one use. A wrong or used one counts against the account's lane (in otp) and the address; one that a
 * lock keeps from being looked at is noted.
 * @param use the call of otp that spends it
 * @param what.challenge the hash of the challenge it answers; without one, a use of its own
 */
export async function proveCode<Yes extends { outcome: string; user_id: string; factor_version: number }>(
  context: GatewayContext,
  asker: Asker,
  log: EventLog,
  use: (request: RequestContext, body: otp.UseCode) => Promise<Yes | OtpRefusal>,
  what: { userId: string; code: Code; challenge?: string; factorVersion?: number | undefined; tell?: boolean },
): Promise<CodeResult<Yes>> {
  const answer = await use(asker.request, {
    user_id: what.userId,
    attempt_id: context.randomUuid(),
    lane: asker.lane,
    challenge: what.challenge ?? context.randomBytes(32).toString('hex'),
    factor_version: what.factorVersion,
    tell: what.tell,
    code: what.code,
  });
  log.collect('otp', answer);
  if (answer.outcome === 'locked') log.add(loginBlocked({ id: what.userId }, 'codes-locked'));
  if (!('user_id' in answer)) return refusalOf(asker, answer, what.factorVersion !== undefined);
  const proof = { kind: 'code', userId: answer.user_id, factorVersion: answer.factor_version } as CodeProof;
  return { outcome: 'proved', proof, answer };
}

/** @param expected a factor of a known version was expected: that there is none now means that it was overtaken */
async function refusalOf(asker: Asker, answer: OtpRefusal, expected: boolean): Promise<Refusal> {
  switch (answer.outcome) {
    case 'rejected':
      await asker.guess.keep();
      return { outcome: 'rejected', reason: answer.reason };
    case 'no-factor':
      return expected ? { outcome: 'overtaken' } : { outcome: 'rejected', reason: 'no-factor' };
    case 'locked':
      return { outcome: 'locked', retryAfterSeconds: answer.retry_after_seconds };
    case 'overtaken':
      return { outcome: 'overtaken' };
  }
}

/**
 * Whether the account demands a code: if users' flag or otp says so (promise 6). The flag can only add strictness,
 * so where it is off, otp is asked before anybody gets in without a code.
 */
export async function askFactor(
  context: GatewayContext,
  asker: Asker,
  account: Pick<Account, 'id' | 'otp_enabled' | 'factor_version'>,
): Promise<{ demanded: true; factorVersion: number } | { demanded: false; proof: NoFactorProof }> {
  if (account.otp_enabled) return { demanded: true, factorVersion: account.factor_version };
  const factor = await context.otp.findFactor(asker.request, account.id);
  const factorVersion = factor.factor_version;
  if (factor.active) return { demanded: true, factorVersion };
  return { demanded: false, proof: { kind: 'no-factor', userId: account.id, factorVersion } as NoFactorProof };
}

/** An account that has just been made has no factor: nobody could have enrolled one. */
export function noFactorYet(account: Pick<Account, 'id'>): NoFactorProof {
  return { kind: 'no-factor', userId: account.id, factorVersion: 0 } as NoFactorProof;
}
