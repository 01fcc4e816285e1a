import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Key, KeyRing } from '@sallyport/config';
import { deriveKey } from './derive-key.ts';

/*
 * Refresh tokens (promise 7; RFC 9700 section 4.14.2): R_n = HMAC-SHA256(HKDF(signing key, "sallyport/refresh/1"),
 * session secret || session id || n). The row holds the secret, n and the SHA-256 of R_n: neither the table nor the
 * key alone makes a token, and the successor can be given again without being stored. A token is sent as
 * `<session id>.<n>.<R_n>`; n is no secret, and with it an old token can be told from an invented one.
 */

export interface RefreshToken {
  sessionId: string;
  number: number;
  value: Buffer;
}

const form = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/;

export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, sessionId, number, value] = form.exec(text) ?? [];
  if (sessionId === undefined || number === undefined || value === undefined) return undefined;
  return { sessionId, number: Number(number), value: Buffer.from(value, 'base64url') };
}

export function formatRefreshToken({ sessionId, number, value }: RefreshToken): string {
  return `${sessionId}.${number}.${value.toString('base64url')}`;
}

/** R_n of a session under one signing key. */
export function makeRefreshValue(key: Key, secret: Buffer, sessionId: string, number: number): Buffer {
  return createHmac('sha256', deriveKey(key, 'sallyport/refresh/1'))
    .update(secret)
    .update(sessionId)
    .update(String(number))
    .digest();
}

export function hashRefreshValue(value: Buffer): Buffer {
  return hash('sha256', value, 'buffer');
}

/** Whether this session ever had this token, under any key of the ring. */
export function wasIssued(token: RefreshToken, secret: Buffer, ring: KeyRing): boolean {
  return ring.keys.some((key) =>
    timingSafeEqual(makeRefreshValue(key, secret, token.sessionId, token.number), token.value),
  );
}
