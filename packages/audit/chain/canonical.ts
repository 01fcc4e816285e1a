import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Of what nests deeper the library is asked, which no depth can hurt. */
const mostDepth = 16;

/** The canonical JSON text of a value (RFC 8785): equal values give equal bytes. */
export function canonical(value: object): string {
  const text = isCanonical(value, mostDepth) ? JSON.stringify(value) : canonicalize(value);
  if (text === undefined) throw new TypeError('the value has no canonical form');
  return text;
}

/** Hex SHA-256 of a text's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  return hash('sha256', text);
}

/**
 * Whether `JSON.stringify` writes the canonical form, eight times as fast: our own events are made, and read back, with
 * their keys in order.
 */
function isCanonical(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'boolean' || value === undefined;
  if (value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((element) => isCanonical(element, depth - 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  let before = '';
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (key <= before || !key.isWellFormed() || !isCanonical(member, depth - 1)) return false;
    before = key;
  }
  return !('toJSON' in value);
}
