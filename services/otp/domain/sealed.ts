/*
 * Secrets at rest (promise 7; NIST SP 800-38D): AES-256-GCM under the first key of the ring, a random 96-bit nonce
 * each time, the tag at the ciphertext's end. The associated data is the canonical JSON of what the secret is, whose
 * it is and which key sealed it, so that a row's ciphertext opens nowhere but where it was written: not for another
 * account, not for another enrolment, not under another key's name.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { canonical } from '@sallyport/audit/log';
import type { KeyRing } from '@sallyport/config';
import type { Sealed } from '../store/sealed-columns.ts';

/** What a secret is bound to: its kind, the account and the enrolment or set. */
export type Binding = readonly [kind: string, userId: string, id: string];

export const factorBinding = (userId: string, enrolmentId: string): Binding => ['sallyport/otp/1', userId, enrolmentId];

export const recoverySetBinding = (userId: string, setId: string): Binding => [
  'sallyport/otp/recovery-set/1',
  userId,
  setId,
];

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

export function seal(ring: KeyRing, randomBytes: (count: number) => Buffer, plain: Buffer, binding: Binding): Sealed {
  const { id: keyId, bytes } = ring.current;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, bytes, nonce).setAAD(associatedData(binding, keyId));
  return { keyId, nonce, ciphertext: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}

/** The secret, or undefined where the ring lacks the key or anything about the ciphertext isn't as it was sealed. */
export function open(ring: KeyRing, sealed: Partial<Nullable<Sealed>>, binding: Binding): Buffer | undefined {
  const { keyId, nonce, ciphertext } = sealed;
  const key = keyId ? ring.find(keyId) : undefined;
  if (!key || !nonce || !ciphertext || nonce.length !== nonceBytes || ciphertext.length <= tagBytes) return undefined;
  try {
    const decipher = createDecipheriv(algorithm, key.bytes, nonce, { authTagLength: tagBytes });
    decipher.setAAD(associatedData(binding, key.id)).setAuthTag(ciphertext.subarray(-tagBytes));
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

type Nullable<Type> = { [Name in keyof Type]: Type[Name] | null };

function associatedData(binding: Binding, keyId: string): Buffer {
  return Buffer.from(canonical([...binding, keyId]));
}
