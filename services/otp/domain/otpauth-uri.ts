import { toBase32 } from './totp-secret.ts';

/** As much of a name as keeps the whole URI within one QR code; apps only show it. */
const maxEncodedName = 1_200;

/** The key URI that authenticator apps read: `otpauth://totp/<issuer>:<name>?...`. */
export function otpauthUri(secret: Buffer, issuer: string, username: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeName(username)}`;
  const issuerAgain = encodeURIComponent(issuer);
  return `otpauth://totp/${label}?secret=${toBase32(secret)}&issuer=${issuerAgain}&algorithm=SHA1&digits=6&period=30`;
}

function encodeName(username: string): string {
  let encoded = '';
  for (const character of username.toWellFormed()) {
    const next = encodeURIComponent(character);
    if (encoded.length + next.length > maxEncodedName) break;
    encoded += next;
  }
  return encoded;
}
