/*
 * Using a code (promises 1 and 3; RFC 6238 section 5.2, RFC 4226 section 7.3), wherever one is asked for. The order is
 * the point:
 * 0. a clock that is wrong, or a gate that is known to be away, counts nothing;
 * 1. reserve: the attempt is counted and committed before the secret is opened;
 * 2. match: the time comes in, the highest matching step wins;
 * 3. gate: a step that was let through before stops here, whatever Postgres says;
 * 4. claim: one statement in Postgres decides, records it and ends the row of wrong codes. What the code is used for
 *    happens in the same transaction or not at all (`settle`).
 * Whatever fails on the way throws, and nobody got in.
 */
import { createEvent, otpVerified, recoveryCodeUsed } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { OtpContext } from '../context.ts';
import type { Claim, Proof } from '../store/claim-code.ts';
import { findClaimState } from '../store/claim-state.ts';
import { reserveAttempt } from '../store/reserve-attempt.ts';
import { judgeRefusal, type Refusal } from './judge-refusal.ts';
import { createLockedEvent } from './locked-event.ts';
import { matchProof } from './match-proof.ts';
import { type Rejection, reject } from './reject.ts';

/** One code, for one use. `challenge` is what it answers; `factorVersion`, where given, what the caller works with. */
export interface UseCode {
  userId: string;
  lane: string;
  challenge: string;
  factorVersion: number | undefined;
  /** The owner is told of wrong codes with the answer. */
  tell: boolean;
  code: { method: 'otp' | 'recovery_code'; value: string };
}

export type CodeRefusal =
  | Rejection
  | { outcome: 'locked'; retryAfterSeconds: number; events: RecordedEvent[] }
  | { outcome: 'no-factor' }
  | { outcome: 'overtaken' };

export type CodeUse<Settled> = { outcome: 'accepted'; settled: Settled; events: RecordedEvent[] } | CodeRefusal;

/** @param settle makes the claim, and what the code is for with it; undefined where the claim was refused */
export async function useCode<Settled>(
  context: OtpContext,
  request: RequestContext,
  use: UseCode,
  settle: (claim: Claim) => Promise<Settled | undefined>,
): Promise<CodeUse<Settled>> {
  const result = await decide(context, request, use, settle);
  const outcome = result.outcome === 'rejected' ? result.reason : result.outcome;
  context.codes.inc({ method: use.code.method, outcome });
  return result;
}

async function decide<Settled>(
  context: OtpContext,
  request: RequestContext,
  use: UseCode,
  settle: (claim: Claim) => Promise<Settled | undefined>,
): Promise<CodeUse<Settled>> {
  const { userId, lane, challenge, factorVersion, tell } = use;
  context.clock.requireRight();
  context.gate.requireReady(userId);
  const limits = { lockAfter: context.config.OTP_LOCK_AFTER, hardLockAfter: context.config.OTP_HARD_LOCK_AFTER };
  const lockedEvent = createLockedEvent(context, request, userId);
  const reserved = await reserveAttempt(context.db, { userId, lane, factorVersion, limits, lockedEvent });
  if (reserved.outcome === 'locked') return { ...reserved, events: [] };
  if (reserved.outcome !== 'reserved') return reserved;
  const { factor, attempt, events } = reserved;

  const proof = matchProof(context, use, factor);
  if (typeof proof === 'string') return reject(context, request, userId, proof, events);
  const early = judgeRefusal({ ...factor, current: true, code: 'unused' }, proof, challenge);
  if (early) return refuse(context, request, userId, early, events);

  const giveBack = await passGate(context, userId, proof);
  if (!giveBack) return reject(context, request, userId, 'used-code', events);

  const event = createAcceptedEvent(context, request, userId, proof);
  const claim = { userId, factorVersion: factor.version, challenge, lane, attempt, limits, tell, proof, event };
  const settled = await settle(claim);
  if (settled !== undefined) return { outcome: 'accepted', settled, events: [...events, event] };
  const state = await findClaimState(context.db, claim);
  const refusal = judgeRefusal(state, proof, challenge) ?? 'used-code';
  if (refusal !== 'used-code') await giveBack();
  return refuse(context, request, userId, refusal, events);
}

/** Undefined where the step was let through before; else how to give it back. */
async function passGate(
  { gate, randomBytes }: OtpContext,
  userId: string,
  proof: Proof,
): Promise<(() => Promise<void>) | undefined> {
  if (proof.method === 'recovery_code') return async () => {};
  const token = randomBytes(16).toString('hex');
  const taken = await gate.take(userId, proof.step, token);
  return taken ? () => gate.release(userId, proof.step, token) : undefined;
}

function createAcceptedEvent(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  proof: Proof,
): RecordedEvent {
  const draft = proof.method === 'otp' ? otpVerified : recoveryCodeUsed;
  return createEvent(draft({ id: userId }), request, context);
}

/** A factor that changed meanwhile is told as such, and recorded: the attempt was counted. */
async function refuse(
  context: OtpContext,
  request: RequestContext,
  userId: string,
  refusal: Refusal,
  events: RecordedEvent[],
): Promise<CodeRefusal> {
  if (refusal !== 'overtaken') return reject(context, request, userId, refusal, events);
  await reject(context, request, userId, 'factor-changed', events);
  return { outcome: 'overtaken' };
}
