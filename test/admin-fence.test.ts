// Promises 2 and 10 for what admins do: users has changed the account, and the gateway that asked dies before it ends the
// sessions. users' event leads the projector, and nothing of the account outlives it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Api } from './support/api.ts';
import { expect, expectProblem, tokensOf } from './support/people.ts';
import {
  attempt,
  type Enrolled,
  enrolOwner,
  giveCode,
  logInOwner,
  provePassword,
  signUpEnrolled,
} from './support/process-people.ts';
import { type GatewayProcess, type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

const credentials = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
const reason = 'laptop stolen';

let stack: ProcessStack;
let first: GatewayProcess;
let second: GatewayProcess;
let root: Enrolled;

before(async () => {
  const env = { ADMIN_USERNAME: credentials.username, ADMIN_PASSWORD: credentials.password };
  stack = await startProcessStack({ gateways: 2, env });
  [first, second] = stack.gateways as [GatewayProcess, GatewayProcess];
  const login = expect(200, await second.api('POST', '/login', { body: credentials }));
  const { id } = login.body.user;
  root = await enrolOwner(second.api, { ...credentials, id, ...tokensOf(login), recoveryCodes: [], lastStep: 0 });
});
after(() => stack[Symbol.asyncDispose]());

const acts = [
  ['a lock', 'POST', 'lock', /\/lock$/, { reason }],
  ['the end of all sessions', 'POST', 'sessions/revoke', /\/end_sessions$/, { reason }],
  ['a role taken away', 'PUT', 'roles', /\/roles$/, { reason, roles: [] }],
] as const;

async function isDead(api: Api, owner: Enrolled): Promise<boolean> {
  return (await api('GET', '/me', { token: owner.accessToken })).status === 401;
}

for (const [name, method, path, call, body] of acts) {
  test(`a gateway killed after users answered to ${name} leaves nothing alive`, async () => {
    const ada = await signUpEnrolled(second.api);
    const url = `/admin/users/${ada.id}`;
    const token = root.accessToken;
    expect(200, await second.api('PUT', `${url}/roles`, { token, body: { reason, roles: ['support'] } }));
    await logInOwner(second.api, ada);
    const open = expect(200, await provePassword(second.api, ada)).body.challenge;
    const held = first.users.holdAnswer(method, call, ada.id);
    const act = attempt(first.api(method, `${url}/${path}`, { token, body }));
    await held.reached;
    await first.kill();
    held.drop();
    assert.equal(await act, undefined);
    await until('nothing lives', () => isDead(second.api, ada));
    const refresh = { refresh_token: ada.refreshToken };
    expectProblem(401, 'invalid-refresh-token', await second.api('POST', '/token/refresh', { body: refresh }));
    const answer = await second.api('POST', '/login/otp', { body: { challenge: open, otp: giveCode(ada) } });
    expectProblem(401, 'invalid-challenge', answer);
    const found = expect(200, await second.api('GET', url, { token })).body;
    assert.deepEqual([found.locked, found.roles], [path === 'lock', path === 'roles' ? [] : ['support']]);
    await first.start();
  });
}
