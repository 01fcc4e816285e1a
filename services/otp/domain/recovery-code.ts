/*
 * Recovery codes (NIST SP 800-63B-4 section 3.1.2, "look-up secrets"): ten at a time, 80 random bits each, written in
 * Crockford's base 32, which has no letter that is taken for another. Stored is only the HMAC-SHA-256 under a random
 * key of the set, itself sealed by the key ring: the table alone tells no code, not even by trying all of them.
 */
import { createHmac } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codesInSet = 10;
const codeBytes = 10;

type RandomBytes = (count: number) => Buffer;

/** Ten different codes as people see them: `ABCD-EFGH-JKMN-PQRS`. */
export function createRecoveryCodes(randomBytes: RandomBytes): string[] {
  const codes = new Set<string>();
  while (codes.size < codesInSet) codes.add(format(randomBytes(codeBytes)));
  return [...codes];
}

/** The sixteen symbols meant by what somebody typed, or undefined where it can't be a code. */
export function normaliseRecoveryCode(typed: string): string | undefined {
  if (typed.length > 100) return undefined;
  const plain = typed
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(plain) ? plain : undefined;
}

/** @param code normalised */
export function hashRecoveryCode(setKey: Buffer, code: string): Buffer {
  return createHmac('sha256', setKey).update(code).digest();
}

function format(bytes: Buffer): string {
  let bits = BigInt(`0x${bytes.toString('hex')}`);
  let symbols = '';
  for (let at = 0; at < 16; at++) {
    symbols = alphabet[Number(bits & 31n)] + symbols;
    bits >>= 5n;
  }
  return symbols.replace(/(.{4})(?=.)/g, '$1-');
}
