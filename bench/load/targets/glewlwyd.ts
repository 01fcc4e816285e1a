import { randomBytes } from 'node:crypto';
import { codeAt } from '../../../test/support/authenticator.ts';
import { expectStatus, type HttpApi } from '../http-api.ts';
import type { Target } from '../target.ts';

interface Account {
  username: string;
  password: string;
  secret: string;
  /** When a code was last sent; it takes another after `restSeconds`. */
  sentMs: number;
}

/** It takes no code of somebody who logged in within the last 30 s, as clocks of whole seconds count. */
const restSeconds = 31;

export const otpScheme = { scheme_type: 'otp', scheme_name: 'otp' };

/** As whom its database comes with; the headers of calls as that. */
export async function logInAsAdmin(api: HttpApi): Promise<Record<string, string>> {
  const body = { username: 'admin', password: 'password' };
  const { cookies } = expectStatus(200, await api.call('POST', '/api/auth/', { body }));
  return { cookie: cookies.join('; ') };
}

/** Signs somebody up as the admin does, and enrols the secret that it makes. */
async function createAccount(api: HttpApi): Promise<Account> {
  const username = `load-${randomBytes(8).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  const headers = await logInAsAdmin(api);
  const post = async (path: string, body: object) =>
    expectStatus(200, await api.call('POST', path, { body, headers })).body;
  const enrol = (value: object) =>
    post(`/api/delegate/${username}/profile/scheme/register/`, { username, ...otpScheme, value });
  await post('/api/user/', { username, password, scope: ['g_profile'] });
  const { secret } = await enrol({ 'generate-secret': true });
  await enrol({ type: 'TOTP', secret, time_step_size: 30 });
  return { username, password, secret, sentMs: 0 };
}

let latest: Promise<unknown> = Promise.resolve();

export const glewlwyd: Target<Account> = {
  /** One after the other: of people who are made at once, some get the password or the scope of another. */
  createAccount(api) {
    const created = latest.then(() => createAccount(api));
    latest = created.catch(() => undefined);
    return created;
  },
  scenarios: {
    login: {
      isReady: ({ sentMs }) => Date.now() > sentMs + restSeconds * 1_000,
      async run(api, account, timed) {
        const { username, password, secret } = account;
        const first = await timed('password', api.call('POST', '/api/auth/', { body: { username, password } }));
        if (first.status !== 200) return first;
        const headers = { cookie: first.cookies.join('; ') };
        const sendCode = (code: string) => {
          const body = { username, ...otpScheme, value: { value: code } };
          return timed('code', api.call('POST', '/api/auth/', { body, headers }));
        };
        const code = codeAt(secret, Date.now());
        let second = await sendCode(code);
        // It takes the code of the current step alone: where that has just begun, a person types the next one.
        const next = codeAt(secret, Date.now());
        if (second.status === 401 && next !== code) second = await sendCode(next);
        account.sentMs = Date.now();
        return second;
      },
    },
  },
};
