import type { LoadAccount } from './account.ts';
import type { Answered, GatewayApi } from './gateway-api.ts';
import type { LoadName } from './messages.ts';

export type Timed = (name: string, call: Promise<Answered>) => Promise<Answered>;

export interface Scenario {
  /** Whether an account can run the scenario now. */
  isReady(account: LoadAccount): boolean;
  /** One run; the answer that ended it is the last one asked for. */
  run(api: GatewayApi, account: LoadAccount, timed: Timed): Promise<Answered>;
}

export const scenarios: Record<LoadName, Scenario> = {
  login: {
    isReady: (account) => account.codes.hasCode(Date.now()),
    async run(api, { username, password, codes }, timed) {
      const first = await timed('POST /login', api.call('POST', '/login', { username, password }));
      if (first.status !== 200) return first;
      const otp = codes.draw(Date.now());
      return timed('POST /login/otp', api.call('POST', '/login/otp', { challenge: first.body.challenge, otp }));
    },
  },
  refresh: {
    isReady: () => true,
    async run(api, account, timed) {
      const body = { refresh_token: account.refreshToken };
      const answer = await timed('POST /token/refresh', api.call('POST', '/token/refresh', body));
      if (answer.status === 200) account.refreshToken = answer.body.refresh_token;
      return answer;
    },
  },
  verify: {
    isReady: () => true,
    run: (api, account, timed) => timed('GET /verify', api.call('GET', '/verify', undefined, account.accessToken)),
  },
};
