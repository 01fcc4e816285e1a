import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The canonical JSON text of a value (RFC 8785): equal values give equal bytes. */
export function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value has no canonical form');
  return text;
}

/** Hex SHA-256 of a text's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
