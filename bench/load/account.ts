import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOtpauthUri } from '../../test/support/authenticator.ts';
import { type CodeBook, createCodeBook } from './code-book.ts';
import type { Answered, GatewayApi } from './gateway-api.ts';

/** Somebody with an account, an authenticator and a live session. */
export interface LoadAccount {
  username: string;
  password: string;
  codes: CodeBook;
  accessToken: string;
  refreshToken: string;
}

/** Enough steps for an hour, beyond those of the window. */
const laterSteps = 120;

/** Signs up, scans the secret and confirms it with the first code of the book. */
export async function createLoadAccount(api: GatewayApi, windowSteps: number): Promise<LoadAccount> {
  const username = `load-${randomBytes(8).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('base64url');
  const signedUp = expect(201, await patiently(() => api.call('POST', '/signup', { username, password })));
  const token: string = signedUp.body.access_token;
  const setup = expect(200, await api.call('POST', '/auth/otp/setup', {}, token));
  const { secret } = readOtpauthUri(setup.body.otpauth_uri);
  const codes = createCodeBook(secret, Date.now(), windowSteps, 2 * windowSteps + laterSteps);
  const enabled = expect(200, await api.call('PUT', '/auth/otp/enable', { otp: codes.draw(Date.now()) }, token));
  const { access_token: accessToken, refresh_token: refreshToken } = enabled.body;
  return { username, password, codes, accessToken, refreshToken };
}

/** Waits as long as a 503 says, until there is room. */
async function patiently(call: () => Promise<Answered>): Promise<Answered> {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503) return answer;
    await sleep(answer.retryAfterSeconds * 1_000);
  }
}

function expect(status: number, answer: Answered): Answered {
  if (answer.status !== status)
    throw new Error(`${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
  return answer;
}
