// Between the two doors: what opens one opens no other, and nothing but otp's exact yes opens the second.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { inTurn } from './support/at-once.ts';
import { countEvents } from './support/audit-log.ts';
import { type Lie, startFakeOtp } from './support/fake-otp.ts';
import { countAttempts } from './support/lane.ts';
import {
  challengeOf,
  expect,
  expectProblem,
  nextCode,
  type Person,
  signUp,
  signUpWithFactor,
  tokensOf,
} from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: sharedRedisMissing ? 1 : 2 });
});
after(() => endSoundly(stack));

async function countSessions(person: Person): Promise<number> {
  return (await stack.sql('select from gateway.session where user_id = $1', [person.id])).length;
}

test('refuses the code and the recovery code of somebody else, spends neither, and counts (CVE-2025-64175)', async () => {
  const ada = await signUpWithFactor(stack);
  const bob = await signUpWithFactor(stack, 'bob');
  const otp = nextCode(stack, bob);
  const recovery_code = bob.recoveryCodes[0];
  const challenge = await challengeOf(stack.api, ada);
  for (const code of [{ otp }, { recovery_code }]) {
    expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: { challenge, ...code } }));
  }
  assert.equal(await countAttempts(stack, ada), 2);
  assert.equal(await countAttempts(stack, bob), 0);
  for (const code of [{ otp }, { recovery_code }]) {
    const own = await challengeOf(stack.api, bob);
    expect(200, await stack.api('POST', '/login/otp', { body: { challenge: own, ...code } }));
  }
});

test('changes nothing about an active factor without both proofs', async () => {
  const ada = await signUpWithFactor(stack);
  const { accessToken: token, password } = ada;
  const read = () =>
    stack.sql('select version, active, ciphertext, last_step from otp.factor where user_id = $1', [ada.id]);
  const factor = await read();
  const wrong = 'not the password';
  const otp = nextCode(stack, ada);
  const new_password = 'another long pass phrase';
  const calls: [string, string, object, number, string][] = [
    ['POST', '/auth/otp/setup', {}, 409, 'otp-already-enabled'],
    ['PUT', '/auth/otp/enable', { otp }, 409, 'otp-already-enabled'],
    ['PUT', '/auth/otp/disable', {}, 422, 'invalid-request'],
    ['PUT', '/auth/otp/disable', { otp }, 422, 'invalid-request'],
    ['PUT', '/auth/otp/disable', { password }, 401, 'invalid-otp'],
    ['PUT', '/auth/otp/disable', { password: wrong, otp }, 401, 'invalid-credentials'],
    ['POST', '/auth/otp/recovery_codes', {}, 401, 'invalid-otp'],
    ['POST', '/auth/otp/recovery_codes', { password }, 401, 'invalid-otp'],
    ['PUT', '/me/password', { new_password, otp }, 422, 'invalid-request'],
    ['PUT', '/me/password', { current_password: password, new_password }, 401, 'invalid-otp'],
    ['PUT', '/me/password', { current_password: wrong, new_password, otp }, 401, 'invalid-credentials'],
    ['POST', '/reauthenticate', { password }, 401, 'invalid-otp'],
    ['POST', '/reauthenticate', { password: wrong, otp }, 401, 'invalid-credentials'],
    ['POST', '/reauthenticate', { password, otp, recovery_code: ada.recoveryCodes[0] }, 422, 'invalid-request'],
  ];
  for (const [method, path, body, status, code] of calls) {
    expectProblem(status, code, await stack.api(method, path, { token, body }));
  }
  assert.deepEqual(await read(), factor);
  assert.equal(await countAttempts(stack, ada), 0, 'a wrong password or a missing code counts no code');
  const body = { password, otp };
  expect(200, await stack.api('POST', '/reauthenticate', { token, body }));
});

test('has removing, replacing and changing ask for a fresh session where the contract says so', async () => {
  const ada = await signUpWithFactor(stack);
  const bob = await signUp(stack.api, 'bob');
  stack.clock.advance(301_000);
  const calls: [string, string, Person, object][] = [
    ['POST', '/auth/otp/setup', bob, {}],
    ['POST', '/auth/otp/recovery_codes', ada, { otp: nextCode(stack, ada) }],
    ['DELETE', `/sessions/${randomUUID()}`, ada, {}],
  ];
  for (const [method, path, person, body] of calls) {
    const answer = await stack.api(method, path, { token: person.accessToken, body });
    expectProblem(403, 'reauthentication-required', answer);
  }
  assert.equal(await countAttempts(stack, ada), 0);
});

test('takes nothing but the exact yes of otp for this account and attempt', async () => {
  await using fake = await startFakeOtp(stack);
  const ada = await signUpWithFactor(stack);
  const bob = await signUpWithFactor(stack, 'bob');
  const yes = (asked: Record<string, unknown>) => ({
    outcome: 'accepted',
    user_id: asked.user_id,
    attempt_id: asked.attempt_id,
    factor_version: 1,
    recovery_codes_left: 10,
    wrong_codes: 0,
    events: [],
  });
  const json =
    (make: (asked: Record<string, unknown>) => unknown, status = 200): Lie =>
    (asked, res) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(make(asked)));
  const raw =
    (status: number, text: string, headers: Record<string, string> = {}): Lie =>
    (_asked, res) =>
      res.writeHead(status, headers).end(text);
  const lies: Lie[] = [
    json((asked) => ({ ...yes(asked), user_id: bob.id })),
    json((asked) => ({ ...yes(asked), attempt_id: randomUUID() })),
    json((asked) => ({ ...yes(asked), attempt_id: undefined })),
    json((asked) => ({ ...yes(asked), extra: 1 })),
    json((asked) => ({ ...yes(asked), factor_version: '1' })),
    json((asked) => ({ ...yes(asked), outcome: 'Accepted' })),
    json((asked) => ({ ...yes(asked), outcome: 'disabled' })),
    json((asked) => ({ ...yes(asked), outcome: ['accepted'] })),
    json((asked) => [yes(asked)]),
    json(yes, 201),
    json(yes, 500),
    json(yes, 401),
    json(() => ({ valid: true })),
    json(() => ({ valid: 'false' })),
    json(() => true),
    json(() => ({})),
    raw(200, ''),
    raw(200, '{"outcome":"accepted"'),
    raw(200, '<html>ok</html>', { 'content-type': 'text/html' }),
    raw(204, ''),
    raw(302, '', { location: '/codes/yes' }),
    json(() => ({ outcome: 'no-factor' })),
    json(() => ({ outcome: 'overtaken' })),
    (_asked, res) => res.destroy(),
  ];
  const sessions = await countSessions(ada);
  const { username, password, accessToken: token } = ada;
  for (const [at, lie] of lies.entries()) {
    const challenge = await challengeOf(fake.api, ada);
    fake.lie('/codes/verify', lie);
    const answers = [
      await fake.api('POST', '/login/otp', { body: { challenge, otp: '123456' } }),
      await fake.api('POST', '/login', { body: { username, password, otp: '123456' } }),
      await fake.api('POST', '/reauthenticate', { token, body: { password, otp: '123456' } }),
    ];
    for (const { status, text } of answers) assert.match(String(status), /^(401|503)$/, `lie ${at}: ${text}`);
  }
  assert.equal(await countSessions(ada), sessions);
  const challenge = await challengeOf(fake.api, ada);
  fake.lie('/codes/verify', json(yes));
  expect(200, await fake.api('POST', '/login/otp', { body: { challenge, otp: '123456' } }));
});

test('demands a code while the flag or otp says that there is a factor', async () => {
  await using fake = await startFakeOtp(stack);
  const ada = await signUpWithFactor(stack);
  const bob = await signUp(stack.api, 'bob');
  const none = (id: string) =>
    JSON.stringify({ user_id: id, active: false, factor_version: 0, enabled_at: null, recovery_codes_left: 0 });
  const answerNone: (id: string) => Lie = (id) => (_asked, res) => res.writeHead(200).end(none(id));
  fake.lie('/factors/', answerNone(ada.id));
  await challengeOf(fake.api, ada);
  const { username, password } = bob;
  for (const lie of [answerNone(ada.id), ((_asked, res) => res.writeHead(204).end()) as Lie]) {
    fake.lie('/factors/', lie);
    expectProblem(503, 'unavailable', await fake.api('POST', '/login', { body: { username, password } }));
  }
  await stack.sql('update users.account set otp_enabled = false, factor_version = 0 where id = $1', [ada.id]);
  await challengeOf(stack.api, ada);
  await stack.sql('update users.account set otp_enabled = true, factor_version = 1 where id = $1', [ada.id]);
});

test('ends what a password alone had opened when a factor is enabled', async () => {
  const ada = await signUp(stack.api);
  const { username, password } = ada;
  const other = expect(200, await inTurn(stack.apis, 1)('POST', '/login', { body: { username, password } }));
  const { accessToken, refreshToken } = tokensOf(other);
  const setup = expect(200, await stack.api('POST', '/auth/otp/setup', { token: ada.accessToken }));
  const secret: string = setup.body.secret;
  const body = { otp: nextCode(stack, { secret }) };
  expect(200, await stack.api('PUT', '/auth/otp/enable', { token: ada.accessToken, body }));
  expectProblem(401, 'unauthenticated', await inTurn(stack.apis, 1)('GET', '/me', { token: accessToken }));
  const refresh = { body: { refresh_token: refreshToken } };
  expectProblem(401, 'invalid-refresh-token', await stack.api('POST', '/token/refresh', refresh));
  assert.equal(await countEvents(stack, ada.id, 'session.revoked'), 1);
});
