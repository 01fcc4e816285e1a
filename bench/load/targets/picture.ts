import { randomBytes } from 'node:crypto';
import type { HttpApi } from '../http-api.ts';
import type { Target } from '../target.ts';

interface Account {
  token: string;
}

/** As long as one of the gateway's. */
const anyToken = 'x'.repeat(650);

/** A picture by a proxy: the gateway wants a token, the others pass any on. */
export const picture: Target<Account> = {
  async createAccount(api: HttpApi) {
    const body = { username: `load-${randomBytes(8).toString('hex')}`, password: randomBytes(12).toString('hex') };
    const answer = await api.call('POST', '/signup', { body });
    return { token: answer.body?.access_token ?? anyToken };
  },
  scenarios: {
    picture: {
      isReady: () => true,
      run: (api, { token }, timed) => timed('GET /qr_code', api.call('GET', '/qr_code', { token })),
    },
  },
};
