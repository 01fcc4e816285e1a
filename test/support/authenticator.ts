// An authenticator app for tests: what a phone does with the URI in the QR code, from RFC 4226, RFC 6238 and the key URI
// format alone. It shares no code and no library with the product, so that a fault in the product's codes can't hide
// behind the same fault here.
import { createHmac } from 'node:crypto';

export type CodeSettings = { algorithm: 'SHA1' | 'SHA256' | 'SHA512'; digits: number; periodSeconds: number };

export type Enrolment = CodeSettings & { label: string; issuer: string | undefined; secret: string };

const usualSettings: CodeSettings = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 };
const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 6, as apps read it: blanks, padding and case don't matter. */
export function decodeBase32(text: string): Buffer {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const letter of text.replace(/[\s=]/g, '').toUpperCase()) {
    const value = base32Alphabet.indexOf(letter);
    if (value < 0) throw new Error(`not base32: ${letter}`);
    buffer = (buffer << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >> bits) & 0xff);
      buffer &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}

/** The HOTP of a counter, RFC 4226 5.3. A string is base32. */
export function codeForCounter(secret: string | Buffer, counter: number, settings: Partial<CodeSettings> = {}): string {
  const { algorithm, digits } = { ...usualSettings, ...settings };
  const key = typeof secret === 'string' ? decodeBase32(secret) : secret;
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const digest = createHmac(algorithm, key).update(message).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The TOTP an app shows at that moment, RFC 6238 4.2. A string is base32. */
export function codeAt(secret: string | Buffer, epochMs: number, settings: Partial<CodeSettings> = {}): string {
  const { periodSeconds } = { ...usualSettings, ...settings };
  return codeForCounter(secret, Math.floor(epochMs / 1000 / periodSeconds), settings);
}

/** Reads an `otpauth://totp/` URI as an app does; throws on what an app would refuse. */
export function readOtpauthUri(uri: string): Enrolment {
  const { protocol, host, pathname, searchParams } = new URL(uri);
  if (protocol !== 'otpauth:' || host !== 'totp') throw new Error(`not an otpauth://totp URI: ${protocol}//${host}`);
  const secret = searchParams.get('secret');
  if (!secret || decodeBase32(secret).length === 0) throw new Error('no secret in the URI');
  const algorithm = searchParams.get('algorithm') ?? usualSettings.algorithm;
  if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512')
    throw new Error(`unknown: ${algorithm}`);
  return {
    label: decodeURIComponent(pathname.replace(/^\//, '')),
    issuer: searchParams.get('issuer') ?? undefined,
    secret,
    algorithm,
    digits: Number(searchParams.get('digits') ?? usualSettings.digits),
    periodSeconds: Number(searchParams.get('period') ?? usualSettings.periodSeconds),
  };
}

/** An app that has scanned this URI. */
export function createAuthenticator(uri: string) {
  const enrolment = readOtpauthUri(uri);
  return {
    ...enrolment,
    codeAt: (epochMs: number) => codeAt(enrolment.secret, epochMs, enrolment),
  };
}
