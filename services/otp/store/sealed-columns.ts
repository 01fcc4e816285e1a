/** A secret as a row holds it: encrypted under a named key, the tag at the ciphertext's end. */
export interface Sealed {
  keyId: string;
  nonce: Buffer;
  ciphertext: Buffer;
}

export interface SealedColumns {
  key_id: string;
  nonce: Buffer;
  ciphertext: Buffer;
}

export function toSealed({ key_id: keyId, nonce, ciphertext }: SealedColumns): Sealed {
  return { keyId, nonce, ciphertext };
}
