import { randomBytes } from 'node:crypto';
import { codeAt, readOtpauthUri } from '../../../test/support/authenticator.ts';
import { type Answered, expectStatus, type HttpApi } from '../http-api.ts';
import type { Target } from '../target.ts';

interface Account {
  email: string;
  password: string;
  secret: string;
  /** It asks where a call with cookies comes from. */
  origin: string;
}

function withCookies(origin: string, { cookies }: Answered): Record<string, string> {
  return { origin, cookie: cookies.join('; ') };
}

export const betterAuth: Target<Account> = {
  async createAccount(api: HttpApi, { url: origin }) {
    const email = `load-${randomBytes(8).toString('hex')}@example.com`;
    const password = randomBytes(12).toString('base64url');
    const post = (path: string, body: object, headers: Record<string, string>) =>
      api.call('POST', `/api/auth${path}`, { body, headers });
    const signedUp = expectStatus(200, await post('/sign-up/email', { email, password, name: 'load' }, { origin }));
    const session = withCookies(origin, signedUp);
    const enabling = expectStatus(200, await post('/two-factor/enable', { password }, session));
    const { secret } = readOtpauthUri(enabling.body.totpURI);
    expectStatus(200, await post('/two-factor/verify-totp', { code: codeAt(secret, Date.now()) }, session));
    return { email, password, secret, origin };
  },
  scenarios: {
    login: {
      isReady: () => true,
      async run(api, { email, password, secret, origin }, timed) {
        const post = (path: string, body: object, headers: Record<string, string>) =>
          timed(path, api.call('POST', `/api/auth${path}`, { body, headers }));
        const first = await post('/sign-in/email', { email, password }, { origin });
        if (first.status !== 200) return first;
        const code = codeAt(secret, Date.now());
        return await post('/two-factor/verify-totp', { code }, withCookies(origin, first));
      },
    },
  },
};
