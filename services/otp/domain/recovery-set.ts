import { randomUUID } from 'node:crypto';
import type { KeyRing } from '@sallyport/config';
import { createRecoveryCodes, hashRecoveryCode, normaliseRecoveryCode } from './recovery-code.ts';
import { recoverySetBinding, type Sealed, seal } from './sealed.ts';

/** Ten new codes: what the owner sees once, and what is kept. */
export interface NewRecoverySet {
  codes: string[];
  setId: string;
  sealedKey: Sealed;
  hashes: Buffer[];
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
