// A rolling upgrade mixes versions: a newer gateway may send a service what it doesn't know yet, and leave out what may be
// left out. The service does as it always does, and its answers are exactly those that an older gateway knows: a field
// comes into an answer only where the call asked for it. docs/operations.md, "Upgrading", has the rules.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Api } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { startMoreGateway } from './support/more-parts.ts';
import { startNewerGateway } from './support/newer-gateway.ts';
import { challengeOf, enrol, expect, logIn, nextCode, type Person, signUp, tokensOf } from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

const root = { username: 'root@example.com', password: 'a long pass phrase of the admin' };

let stack: Stack;
before(async () => {
  stack = await startStack({
    env: { ADMIN_USERNAME: root.username, ADMIN_PASSWORD: root.password, ADMIN_RESET_APPROVALS: '1' },
  });
});
after(() => endSoundly(stack));

test('users and otp of this version serve a newer gateway in all that it asks', {
  skip: sharedRedisMissing,
}, async () => {
  const { USERS_SERVICE_SECRETS: usersSecret = '', OTP_SERVICE_SECRETS: otpSecret = '' } = stack.env;
  await using users = await startNewerGateway(stack.parts.users.url, usersSecret);
  await using otp = await startNewerGateway(stack.parts.otps[0]?.url ?? '', otpSecret);
  await using gateway = await startMoreGateway(stack, { USERS_URL: users.url, OTP_URL: otp.url });
  const through: Stack = { ...stack, api: gateway.api };

  const ada = await enrol(through, await signUp(gateway.api));
  await logIn(through, ada);
  const token = () => ({ token: ada.accessToken });
  const body = { refresh_token: ada.refreshToken };
  Object.assign(ada, tokensOf(expect(200, await gateway.api('POST', '/token/refresh', { body }))));
  expect(200, await gateway.api('GET', '/me', token()));
  await useRecoveryCode(gateway.api, ada);
  const more = { password: ada.password, otp: nextCode(stack, ada) };
  expect(200, await gateway.api('POST', '/auth/otp/recovery_codes', { ...token(), body: more }));
  const new_password = 'another long pass phrase';
  const change = { current_password: ada.password, new_password, otp: nextCode(stack, ada) };
  expect(204, await gateway.api('PUT', '/me/password', { ...token(), body: change }));
  ada.password = new_password;

  const first = expect(200, await gateway.api('POST', '/login', { body: root }));
  const admin = await enrol(through, { ...root, id: first.body.user.id, ...tokensOf(first), recoveryCodes: [] });
  const order = (method: string, path: string, asked: object = { reason: 'a test' }) =>
    gateway.api(method, path, { token: admin.accessToken, body: asked });
  expect(200, await order('PUT', `/admin/users/${ada.id}/roles`, { roles: ['support'], reason: 'a test' }));
  expect(204, await order('POST', `/admin/users/${ada.id}/lock`));
  expect(204, await order('POST', `/admin/users/${ada.id}/unlock`));
  await logIn(through, ada);
  const off = { password: ada.password, otp: nextCode(stack, ada) };
  expect(200, await gateway.api('PUT', '/auth/otp/disable', { ...token(), body: off }));

  for (const call of ['POST /accounts', 'POST /passwords/verify', 'GET /accounts/:id', 'PUT /accounts/:id/password'])
    assert.ok(users.calls.has(call), call);
  for (const call of ['POST /enrolments', 'POST /enrolments/confirm', 'POST /codes/verify', 'POST /factors/disable'])
    assert.ok(otp.calls.has(call), call);
});

async function useRecoveryCode(api: Api, person: Person): Promise<void> {
  const challenge = await challengeOf(api, person);
  const [recovery_code] = person.recoveryCodes;
  const answer = expect(200, await api('POST', '/login/otp', { body: { challenge, recovery_code } }));
  Object.assign(person, tokensOf(answer));
}
