import { randomBytes } from 'node:crypto';
import { codeAt, readOtpauthUri } from '../../../test/support/authenticator.ts';
import { expectStatus } from '../http-api.ts';
import type { Target } from '../target.ts';

interface Account {
  username: string;
  password: string;
  secret: string;
}

export const tutorial: Target<Account> = {
  async createAccount(api) {
    const username = `load-${randomBytes(8).toString('hex')}`;
    const password = randomBytes(12).toString('base64url');
    const registered = expectStatus(200, await api.call('POST', '/register', { body: { username, password } }));
    return { username, password, secret: readOtpauthUri(registered.body.otpauth_uri).secret };
  },
  scenarios: {
    login: {
      isReady: () => true,
      async run(api, { username, password, secret }, timed) {
        const first = await timed('/login', api.call('POST', '/login', { body: { username, password } }));
        if (first.status !== 200) return first;
        const body = { token: first.body.token, code: codeAt(secret, Date.now()) };
        return await timed('/verify', api.call('POST', '/verify', { body }));
      },
    },
  },
};
