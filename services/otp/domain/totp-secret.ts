import { ScureBase32Plugin } from 'otplib';

const base32 = new ScureBase32Plugin();

/** 160 bits, the length of the hash (RFC 4226 section 4, R6). */
export function createSecret(randomBytes: (count: number) => Buffer): Buffer {
  return randomBytes(20);
}

/** 32 letters of base 32 without padding, as apps take it by hand. */
export function toBase32(secret: Buffer): string {
  return base32.encode(secret, { padding: false });
}
