import type { Proof } from '../store/claim-code.ts';
import type { ClaimState } from '../store/claim-state.ts';

export type Refusal = 'used-code' | 'spent-challenge' | 'wrong-recovery-code' | 'overtaken';

/** Why a claim of this proof for this challenge is refused, or undefined where nothing speaks against it. */
export function judgeRefusal(state: ClaimState, proof: Proof, challenge: string): Refusal | undefined {
  const used = proof.method === 'otp' ? proof.step <= state.lastStep : state.code === 'used';
  if (used) return 'used-code';
  if (!state.current) return 'overtaken';
  if (proof.method === 'recovery_code' && state.code === 'unknown') return 'wrong-recovery-code';
  return state.lastChallenge === challenge ? 'spent-challenge' : undefined;
}
