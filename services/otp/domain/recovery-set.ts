import { randomUUID } from 'node:crypto';
import type { KeyRing } from '@sallyport/config';
import type { StoredRecoverySet } from '../store/recovery-sets.ts';
import { createRecoveryCodes, hashRecoveryCode, normaliseRecoveryCode } from './recovery-code.ts';
import { recoverySetBinding, seal } from './sealed.ts';

/** Ten new codes: what the owner sees once, and what is kept. */
export interface NewRecoverySet extends StoredRecoverySet {
  codes: string[];
}

export function createRecoverySet(
  { keys, randomBytes }: { keys: KeyRing; randomBytes: (count: number) => Buffer },
  userId: string,
): NewRecoverySet {
  const setId = randomUUID();
  const setKey = randomBytes(32);
  const codes = createRecoveryCodes(randomBytes);
  return {
    codes,
    setId,
    sealedKey: seal(keys, randomBytes, setKey, recoverySetBinding(userId, setId)),
    hashes: codes.map((code) => hashRecoveryCode(setKey, normaliseRecoveryCode(code) ?? '')),
  };
}
