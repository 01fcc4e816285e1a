// Somebody with a phone: the camera reads the QR code, the app shows codes. Both are programs that know nothing of this
// suite, zbarimg and oathtool, where they are installed.
import { execFileSync } from 'node:child_process';
import type { Answered, Api } from './api.ts';
import { codeAt, readOtpauthUri } from './authenticator.ts';
import { expect, type Person, signUp, tokensOf } from './people.ts';
import { readQr } from './qr-reader.ts';
import { findProgram } from './servers/find-servers.ts';

export type PhoneOwner = Person & { secret: string };

/** Which programs the suite's own code stands in for. */
export const phoneNotes: string[] = ['oathtool', 'zbarimg']
  .filter((name) => findProgram(name) === undefined)
  .map((name) => `${name} is not installed: the suite's own stands in for it`);

/** What the app shows now, or some seconds from now. */
function readCode(secret: string, laterSeconds = 0): string {
  const oathtool = findProgram('oathtool');
  const atMs = Date.now() + laterSeconds * 1000;
  if (oathtool === undefined) return codeAt(secret, atMs);
  const now = new Date(atMs).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  return execFileSync(oathtool, ['--totp', '--base32', '--now', now, secret], { encoding: 'utf8' }).trim();
}

/** Signs up, scans the picture, and confirms with a code. */
export async function signUpWithPhone(api: Api): Promise<PhoneOwner> {
  const person = await signUp(api);
  const setup = expect(200, await api('POST', '/auth/otp/setup', { token: person.accessToken }));
  const picture = expect(200, await api('GET', '/qr_code', { token: person.accessToken }));
  const uri = await readQr(picture.bytes);
  if (uri !== setup.body.otpauth_uri) throw new Error(`the picture says ${uri}, the answer ${setup.body.otpauth_uri}`);
  const { secret } = readOtpauthUri(uri);
  const body = { otp: readCode(secret) };
  const enabled = expect(200, await api('PUT', '/auth/otp/enable', { token: person.accessToken, body }));
  return { ...person, ...tokensOf(enabled), secret, recoveryCodes: enabled.body.recovery_codes };
}

/** Both steps of a login right after the enrolment, whose code is spent: with the one that the app shows next. */
export async function logInWithPhone(api: Api, owner: PhoneOwner): Promise<Answered> {
  const { username, password, secret } = owner;
  const first = expect(200, await api('POST', '/login', { body: { username, password } }));
  const body = { challenge: first.body.challenge, otp: readCode(secret, 30) };
  return expect(200, await api('POST', '/login/otp', { body }));
}
