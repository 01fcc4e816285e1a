import { createHmac } from 'node:crypto';
import type { KeyRing } from '@sallyport/config';
import { type KeyUse, mostCounted } from '../store/keys.ts';

/** What a key can be recognised by without telling it. */
export function fingerprintOf(key: Buffer): Buffer {
  return createHmac('sha256', key).update('sallyport/otp/key-fingerprint/1').digest();
}

/** What each key of the ring is recognised by, by its id. */
export function fingerprintsOf(ring: KeyRing): Map<string, Buffer> {
  return new Map(ring.keys.map((key) => [key.id, fingerprintOf(key.bytes)]));
}

/** One sentence on the keys that rows name and the ring lacks or holds with other bytes; undefined where all is well. */
export function findKeyFault(ring: KeyRing, used: readonly KeyUse[]): string | undefined {
  const missing = used.filter(({ id }) => !ring.find(id));
  const changed = used.filter(({ id, fingerprint }) => {
    const key = ring.find(id);
    return key && fingerprint && !fingerprint.equals(fingerprintOf(key.bytes));
  });
  const faults = [
    missing.length > 0 ? `lacks keys that the database needs: ${describe(missing)}` : undefined,
    changed.length > 0 ? `has other bytes than before under an id in use: ${describe(changed)}` : undefined,
  ].filter((fault) => fault !== undefined);
  return faults.length > 0 ? `otp: OTP_ENCRYPTION_KEYS ${faults.join('; it ')}` : undefined;
}

function describe(uses: readonly KeyUse[]): string {
  return uses
    .map(({ id, rows }) => `${id} (${rows} ${rows === 1 ? 'row' : rows === mostCounted ? 'rows or more' : 'rows'})`)
    .join(', ');
}
