import type { OtpContext } from '../context.ts';
import type { Proof } from '../store/claim-code.ts';
import type { ReservedFactor } from '../store/reserve-attempt.ts';
import { matchCode } from './match-code.ts';
import { openSecret } from './open-secret.ts';
import { hashRecoveryCode, normaliseRecoveryCode } from './recovery-code.ts';
import { factorBinding, recoverySetBinding } from './sealed.ts';
import type { UseCode } from './use-code.ts';

export type Mismatch = 'wrong-code' | 'wrong-recovery-code' | 'secret-unusable';

/** What a code proves: the time step it belongs to, or the recovery code it may be. Whether it's unused, the claim says. */
export function matchProof(context: OtpContext, use: UseCode, factor: ReservedFactor): Proof | Mismatch {
  return use.code.method === 'otp'
    ? matchStep(context, use.userId, use.code.value, factor)
    : matchRecoveryCode(context, use.userId, use.code.value, factor);
}

function matchStep(context: OtpContext, userId: string, code: string, factor: ReservedFactor): Proof | Mismatch {
  const secret = openSecret(context, userId, factor.secret, factorBinding(userId, factor.enrolmentId));
  if (!secret) return 'secret-unusable';
  const step = matchCode(secret, code, context.now(), context.config.OTP_WINDOW);
  return step === undefined ? 'wrong-code' : { method: 'otp', step };
}

function matchRecoveryCode(
  context: OtpContext,
  userId: string,
  typed: string,
  factor: ReservedFactor,
): Proof | Mismatch {
  const code = normaliseRecoveryCode(typed);
  if (code === undefined || !factor.recoverySet) return 'wrong-recovery-code';
  const { setId, sealedKey } = factor.recoverySet;
  const setKey = openSecret(context, userId, sealedKey, recoverySetBinding(userId, setId));
  return setKey ? { method: 'recovery_code', setId, hash: hashRecoveryCode(setKey, code) } : 'secret-unusable';
}
