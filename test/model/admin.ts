import type { Answered, Api } from '../support/api.ts';
import { expect } from '../support/people.ts';
import { matchStep, rightCode } from './codes.ts';
import type { System } from './system.ts';

export const adminEnv = {
  ADMIN_USERNAME: 'root@example.com',
  ADMIN_PASSWORD: 'a long pass phrase of the admin',
};

const credentials = { username: adminEnv.ADMIN_USERNAME, password: adminEnv.ADMIN_PASSWORD };
const freshMs = 240_000;

/** Orders of an admin, who authenticates again whenever the clock says so. */
export async function openAdmin(system: Pick<System, 'now' | 'windowSteps' | 'moveClock'> & { api: Api }) {
  const clocked = system as System;
  const login = expect(200, await system.api('POST', '/login', { body: credentials }));
  let token: string = login.body.access_token;
  const { secret } = expect(200, await system.api('POST', '/auth/otp/setup', { token })).body;
  const account = { lastStep: 0 };
  const giveCode = () => {
    const code = rightCode(clocked, account, secret);
    if (code?.otp === undefined) throw new Error('the admin has given all codes');
    account.lastStep = matchStep(clocked, secret, code.otp) ?? account.lastStep;
    return code;
  };
  const enabled = await system.api('PUT', '/auth/otp/enable', { token, body: giveCode() });
  token = expect(200, enabled).body.access_token;
  let freshAt = system.now();

  async function order(accountId: string, what: 'lock' | 'unlock'): Promise<Answered> {
    if (Math.abs(system.now() - freshAt) > freshMs) {
      const again = await system.api('POST', '/login', { body: { ...credentials, ...giveCode() } });
      if (again.status === 503) return again;
      token = expect(200, again).body.access_token;
      freshAt = system.now();
    }
    return system.api('POST', `/admin/users/${accountId}/${what}`, { token, body: { reason: 'the model says so' } });
  }
  return {
    lock: (accountId: string) => order(accountId, 'lock'),
    unlock: (accountId: string) => order(accountId, 'unlock'),
  };
}
