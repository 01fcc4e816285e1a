import { hkdfSync } from 'node:crypto';
import type { Key } from '@sallyport/config';

const derived = new WeakMap<Key, Map<string, Buffer>>();

/** A key for one purpose, from a signing key (HKDF, RFC 5869); remembered as long as the signing key. */
export function deriveKey(key: Key, purpose: string): Buffer {
  const known = derived.get(key) ?? new Map<string, Buffer>();
  derived.set(key, known);
  const made = known.get(purpose) ?? Buffer.from(hkdfSync('sha256', key.bytes, '', purpose, 32));
  known.set(purpose, made);
  return made;
}
