import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOtpauthUri } from '../../../test/support/authenticator.ts';
import { type CodeBook, createCodeBook } from '../code-book.ts';
import { type Answered, expectStatus, type HttpApi } from '../http-api.ts';
import type { PrepareOptions } from '../messages.ts';
import type { LoadScenario, Target } from '../target.ts';

/** Somebody with an account, an authenticator and a live session. */
export interface Account {
  username: string;
  password: string;
  codes: CodeBook;
  accessToken: string;
  refreshToken: string;
  /** Of logins whose password was right, and whose second step hasn't come. */
  challenges: string[];
  /** Tells the address, where everybody has one. */
  headers: Record<string, string>;
}

/** Enough steps for an hour, beyond those of the window. */
export const laterSteps = 120;

/** Signs up, scans the secret and confirms it with the first code of the book. */
async function createAccount(api: HttpApi, { windowSteps, fromEverywhere }: PrepareOptions): Promise<Account> {
  const username = `load-${randomBytes(8).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('base64url');
  const headers: Account['headers'] = fromEverywhere ? { 'x-forwarded-for': createAddress() } : {};
  const signUp = () => api.call('POST', '/signup', { body: { username, password }, headers });
  const token: string = expectStatus(201, await patiently(signUp)).body.access_token;
  const setup = expectStatus(200, await api.call('POST', '/auth/otp/setup', { body: {}, token, headers }));
  const { secret } = readOtpauthUri(setup.body.otpauth_uri);
  const codes = createCodeBook(secret, Date.now(), windowSteps, 2 * windowSteps + laterSteps);
  const body = { otp: codes.draw(Date.now()) };
  const enabled = expectStatus(200, await api.call('PUT', '/auth/otp/enable', { body, token, headers }));
  const { access_token: accessToken, refresh_token: refreshToken } = enabled.body;
  return { username, password, codes, accessToken, refreshToken, challenges: [], headers };
}

function createAddress(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** Waits as long as a 503 says, until there is room. */
async function patiently(call: () => Promise<Answered>): Promise<Answered> {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503) return answer;
    await sleep(answer.retryAfterSeconds * 1_000);
  }
}

function provePassword(api: HttpApi, { username, password, headers }: Account): Promise<Answered> {
  return api.call('POST', '/login', { body: { username, password }, headers });
}

function answerChallenge(api: HttpApi, { codes, headers }: Account, challenge: string): Promise<Answered> {
  return api.call('POST', '/login/otp', { body: { challenge, otp: codes.draw(Date.now()) }, headers });
}

const hasCode = (account: Account) => account.codes.hasCode(Date.now());

const scenarios: Record<string, LoadScenario<Account>> = {
  login: {
    isReady: hasCode,
    async run(api, account, timed) {
      const first = await timed('POST /login', provePassword(api, account));
      if (first.status !== 200) return first;
      return timed('POST /login/otp', answerChallenge(api, account, first.body.challenge));
    },
  },
  /** Step one alone; nobody comes back for step two. */
  password: {
    isReady: () => true,
    run: (api, account, timed) => timed('POST /login', provePassword(api, account)),
  },
  'step-one': {
    isReady: () => true,
    async run(api, account, timed) {
      const answer = await timed('POST /login', provePassword(api, account));
      if (answer.status === 200) account.challenges.push(answer.body.challenge);
      return answer;
    },
  },
  'step-two': {
    isReady: (account) => account.challenges.length > 0 && hasCode(account),
    run: (api, account, timed) =>
      timed('POST /login/otp', answerChallenge(api, account, account.challenges.pop() ?? '')),
  },
  refresh: {
    isReady: () => true,
    async run(api, account, timed) {
      const { refreshToken, headers } = account;
      const body = { refresh_token: refreshToken };
      const answer = await timed('POST /token/refresh', api.call('POST', '/token/refresh', { body, headers }));
      if (answer.status === 200) account.refreshToken = answer.body.refresh_token;
      return answer;
    },
  },
  verify: {
    isReady: () => true,
    run: (api, { accessToken: token, headers }, timed) =>
      timed('GET /verify', api.call('GET', '/verify', { token, headers })),
  },
};

export const sallyport: Target<Account> = { createAccount, scenarios };
