import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeAt } from './support/authenticator.ts';
import {
  challengeOf,
  enrol,
  expect,
  expectProblem,
  logIn,
  nextCode,
  signUp,
  signUpWithFactor,
  tokensOf,
} from './support/people.ts';
import { readQr } from './support/qr-reader.ts';
import { type Stack, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack();
});
after(() => stack[Symbol.asyncDispose]());

test('signs up, scans the QR code, confirms, and logs in through two doors', async () => {
  const ada = await signUp(stack.api);
  const me = expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
  assert.equal(me.body.otp_enabled, false);

  const setup = expect(200, await stack.api('POST', '/auth/otp/setup', { token: ada.accessToken }));
  const picture = expect(200, await stack.api('GET', '/qr_code', { token: ada.accessToken }));
  assert.equal(picture.headers.get('content-type'), 'image/png');
  assert.equal(await readQr(picture.bytes), setup.body.otpauth_uri);
  assert.equal(await readQr(Buffer.from(setup.body.qr_code.split(',')[1], 'base64')), setup.body.otpauth_uri);

  const otp = codeAt(setup.body.secret, stack.clock.now());
  const enabled = expect(200, await stack.api('PUT', '/auth/otp/enable', { token: ada.accessToken, body: { otp } }));
  assert.equal(new Set(enabled.body.recovery_codes).size, 10);

  const person = { ...ada, secret: setup.body.secret as string };
  const answer = await logIn(stack, person);
  assert.equal(answer.body.user.otp_enabled, true);
  const after = expect(200, await stack.api('GET', '/me', { token: answer.body.access_token }));
  assert.equal(after.body.otp_enabled, true);
});

test('logs in with password and code in one call', async () => {
  const ada = await signUpWithFactor(stack);
  const body = { username: ada.username, password: ada.password, otp: nextCode(stack, ada) };
  assert.equal(expect(200, await stack.api('POST', '/login', { body })).body.status, 'complete');
});

test('takes a recovery code for the second door, once', async () => {
  const ada = await signUpWithFactor(stack);
  const recovery_code = ada.recoveryCodes[0];
  const challenge = await challengeOf(stack.api, ada);
  expect(200, await stack.api('POST', '/login/otp', { body: { challenge, recovery_code } }));
  const second = await challengeOf(stack.api, ada);
  expectProblem(
    401,
    'invalid-otp',
    await stack.api('POST', '/login/otp', { body: { challenge: second, recovery_code } }),
  );
});

test('ignores a code where the account has no factor', async () => {
  const ada = await signUp(stack.api);
  const body = { username: ada.username, password: ada.password, otp: '123456' };
  assert.equal(expect(200, await stack.api('POST', '/login', { body })).body.status, 'complete');
});

test('ends every other session and keeps the calling one when a factor is enabled', async () => {
  const ada = await signUp(stack.api);
  const body = { username: ada.username, password: ada.password };
  const other = tokensOf(expect(200, await stack.api('POST', '/login', { body })));
  const enrolled = await enrol(stack, ada);
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { token: other.accessToken }));
  expect(200, await stack.api('GET', '/me', { token: enrolled.accessToken }));
});

test('changes the password and disables the factor, each with both proofs', async () => {
  const ada = await signUpWithFactor(stack);
  const change = { current_password: ada.password, new_password: 'another long pass phrase' };
  const token = ada.accessToken;
  expectProblem(401, 'invalid-otp', await stack.api('PUT', '/me/password', { token, body: change }));
  expect(204, await stack.api('PUT', '/me/password', { token, body: { ...change, otp: nextCode(stack, ada) } }));
  ada.password = change.new_password;
  const disable = { password: ada.password, otp: nextCode(stack, ada) };
  expect(200, await stack.api('PUT', '/auth/otp/disable', { token, body: disable }));
  const body = { username: ada.username, password: ada.password };
  const login = expect(200, await stack.api('POST', '/login', { body }));
  assert.equal(login.body.status, 'complete');
  assert.equal(login.body.user.otp_enabled, false);
});

test('refreshes, lists and ends sessions', async () => {
  const ada = await signUp(stack.api);
  const refreshed = expect(
    200,
    await stack.api('POST', '/token/refresh', { body: { refresh_token: ada.refreshToken } }),
  );
  const again = expect(200, await stack.api('POST', '/token/refresh', { body: { refresh_token: ada.refreshToken } }));
  assert.equal(again.body.refresh_token, refreshed.body.refresh_token);
  const token = refreshed.body.access_token;
  const list = expect(200, await stack.api('GET', '/sessions', { token }));
  assert.deepEqual(
    list.body.sessions.map((entry: { current: boolean }) => entry.current),
    [true],
  );
  expect(204, await stack.api('POST', '/logout', { token, body: {} }));
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { token }));
});

test('regenerates recovery codes and reauthenticates', async () => {
  const ada = await signUpWithFactor(stack);
  const token = ada.accessToken;
  const made = await stack.api('POST', '/auth/otp/recovery_codes', { token, body: { otp: nextCode(stack, ada) } });
  assert.equal(new Set([...expect(200, made).body.recovery_codes, ...ada.recoveryCodes]).size, 20);
  const body = { password: ada.password, otp: nextCode(stack, ada) };
  const again = expect(200, await stack.api('POST', '/reauthenticate', { token, body }));
  assert.equal(again.body.refresh_token, ada.refreshToken);
});
