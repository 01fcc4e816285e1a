import { canonical, sha256Hex } from './canonical.ts';

/** `prevhash` of the first event. */
export const noHash = '0'.repeat(64);

/**
 * The `hash` of an event: of its canonical form (RFC 8785) without `hash` and without `data.personal`, for which
 * `data.personal_hash` stands in, so that the chain still verifies when a person was erased.
 */
export function hashEvent(event: { data: object }): string {
  const data = { ...event.data, personal: undefined };
  return sha256Hex(canonical({ ...event, data, hash: undefined }));
}

/** `data.personal_hash` of personal data. */
export function hashPersonal(personal: object): string {
  return sha256Hex(canonical(personal));
}
