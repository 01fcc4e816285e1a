// Refresh tokens (RFC 9700 4.14.2) and the end of sessions: whatever races, nothing lives that has ended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { answered, atOnce, inTurn, tally } from './support/at-once.ts';
import { countEvents } from './support/audit-log.ts';
import { challengeOf, expect, expectProblem, nextCode, signUp, signUpWithFactor } from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: sharedRedisMissing ? 1 : 2 });
});
after(() => endSoundly(stack));

const refresh = (refresh_token: string, at = 0) =>
  inTurn(stack.apis, at)('POST', '/token/refresh', { body: { refresh_token } });
const next = async (token: string): Promise<string> => expect(200, await refresh(token)).body.refresh_token;
const sessionOf = (refreshToken: string) => refreshToken.split('.')[0] ?? '';
const move = (refreshToken: string, text: string) =>
  stack.sql(`update gateway.session set ${text} where id = $1`, [sessionOf(refreshToken)]);

async function assertDead(tokens: { accessToken: string; refreshToken: string }): Promise<void> {
  for (const api of stack.apis) {
    expectProblem(401, 'unauthenticated', await api('GET', '/me', { token: tokens.accessToken }));
  }
  expectProblem(401, 'invalid-refresh-token', await refresh(tokens.refreshToken));
}

test('gives fifty simultaneous uses of a refresh token one successor', async () => {
  const ada = await signUp(stack.api);
  const all = await atOnce(50, (at) => refresh(ada.refreshToken, at));
  const answers = answered(all);
  assert.deepEqual(Object.keys(tally(answers)), ['200']);
  assert.equal(new Set(answers.map((answer) => answer.body.refresh_token)).size, 1);
  assert.equal(await countEvents(stack, ada.id, 'session.refreshed'), 1);
  await next(answers[0]?.body.refresh_token);
});

test('ends the session when a token is used after its successor was (RFC 9700 4.14.2)', async () => {
  const ada = await signUp(stack.api);
  const last = await next(await next(ada.refreshToken));
  expectProblem(401, 'invalid-refresh-token', await refresh(ada.refreshToken, 1));
  await assertDead({ ...ada, refreshToken: last });
  assert.equal(await countEvents(stack, ada.id, 'session.reuse_detected'), 1);
  assert.equal(await countEvents(stack, ada.id, 'session.revoked'), 1);
});

test('gives the same successor again within ten seconds, and ends the session after', async () => {
  const ada = await signUp(stack.api);
  const second = await next(ada.refreshToken);
  assert.equal(await next(ada.refreshToken), second);
  await move(second, "rotated_at = clock_timestamp() - interval '9 seconds'");
  assert.equal(await next(ada.refreshToken), second);
  await move(second, "rotated_at = clock_timestamp() - interval '11 seconds'");
  expectProblem(401, 'invalid-refresh-token', await refresh(ada.refreshToken));
  await assertDead({ ...ada, refreshToken: second });
});

test('lets an invented token for a known session end nothing', async () => {
  const ada = await signUp(stack.api);
  const bob = await signUp(stack.api, 'bob');
  const id = sessionOf(ada.refreshToken);
  const value = ada.refreshToken.split('.')[2] ?? '';
  const foreign = bob.refreshToken.split('.')[2] ?? '';
  const current = await next(await next(ada.refreshToken));
  const invented = [
    `${id}.0.${'A'.repeat(43)}`,
    `${id}.0.${foreign}`,
    `${id}.1.${value}`,
    `${id}.2.${value}`,
    `${id}.3.${current.split('.')[2]}`,
    `${id}.999999999.${value}`,
    `${sessionOf(bob.refreshToken)}.0.${value}`,
    `${id}.0.${value.slice(1)}`,
    `${id}.0.${value}\u0000`,
    `${id}.-1.${value}`,
    id,
  ];
  for (const token of invented) expectProblem(401, 'invalid-refresh-token', await refresh(token));
  await next(current);
  await next(bob.refreshToken);
  assert.equal(await countEvents(stack, ada.id, 'session.reuse_detected'), 0);
});

test('leaves nothing alive when logging out races refreshing', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUp(stack.api);
    const logout = () => stack.api('POST', '/logout', { token: ada.accessToken, body: {} });
    const calls = [() => refresh(ada.refreshToken, 1), logout, () => refresh(ada.refreshToken)];
    const answers = await atOnce(3, (at) => inTurn(calls, at)());
    for (const { status, body } of answers.filter((answer) => answer.status === 200)) {
      assert.equal(status, 200);
      await assertDead({ accessToken: body.access_token, refreshToken: body.refresh_token });
    }
    await assertDead(ada);
  }
});

test('leaves no other session, and no open challenge, when the password changes, whatever races it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUpWithFactor(stack);
    const { username, password } = ada;
    const recovery = { username, password, recovery_code: ada.recoveryCodes[0] };
    const login = expect(200, await stack.api('POST', '/login', { body: recovery }));
    const other = { accessToken: login.body.access_token, refreshToken: login.body.refresh_token };
    const challenge = await challengeOf(stack.api, ada);
    const token = ada.accessToken;
    const change = { current_password: password, new_password: `another ${password}`, otp: nextCode(stack, ada) };
    const calls = [
      () => stack.api('PUT', '/me/password', { token, body: change }),
      () => refresh(other.refreshToken, 1),
      () => inTurn(stack.apis, 1)('POST', '/login/otp', { body: { challenge, recovery_code: ada.recoveryCodes[1] } }),
      () => refresh(other.refreshToken),
    ];
    const [changed, ...raced] = await atOnce(4, (at) => inTurn(calls, at)());
    assert.equal(changed?.status, 204);
    for (const { status, body } of raced) {
      if (status === 200) await assertDead({ accessToken: body.access_token, refreshToken: body.refresh_token });
    }
    await assertDead(other);
    const late = { body: { challenge, otp: nextCode(stack, ada) } };
    expectProblem(401, 'invalid-challenge', await stack.api('POST', '/login/otp', late));
    expect(200, await stack.api('GET', '/me', { token }));
    await next(ada.refreshToken);
    const old = await stack.api('POST', '/login', { body: { username, password } });
    expectProblem(401, 'invalid-credentials', old);
  }
});

test('ends a session an hour after its last use and a day after its first', async () => {
  for (const moved of [
    "last_used_at = clock_timestamp() - interval '3601 seconds'",
    "expires_at = clock_timestamp() - interval '1 second'",
  ]) {
    const ada = await signUp(stack.api);
    await move(ada.refreshToken, "last_used_at = clock_timestamp() - interval '3590 seconds'");
    expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
    const refreshToken = await next(ada.refreshToken);
    await move(refreshToken, moved);
    await assertDead({ ...ada, refreshToken });
  }
  const bob = await signUp(stack.api, 'bob');
  const [row] = await stack.sql<{ seconds: number }>(
    'select extract(epoch from expires_at - created_at)::int as seconds from gateway.session where id = $1',
    [sessionOf(bob.refreshToken)],
  );
  assert.equal(row?.seconds, 86_400);
});

test('ends a session of its owner by id, and shows foreign and malformed ids the same 404', async () => {
  const ada = await signUp(stack.api);
  const bob = await signUp(stack.api, 'bob');
  const { username, password } = ada;
  const login = expect(200, await stack.api('POST', '/login', { body: { username, password } }));
  const token = ada.accessToken;
  for (const id of [sessionOf(bob.refreshToken), crypto.randomUUID(), 'x', "'", '%00', '..%2f..']) {
    expectProblem(404, 'not-found', await stack.api('DELETE', `/sessions/${id}`, { token }));
  }
  const id = sessionOf(login.body.refresh_token);
  assert.equal((await stack.api('DELETE', `/sessions/${id.toUpperCase()}`, { token })).status, 204);
  expectProblem(404, 'not-found', await stack.api('DELETE', `/sessions/${id}`, { token }));
  await assertDead({ accessToken: login.body.access_token, refreshToken: login.body.refresh_token });
  expect(200, await stack.api('GET', '/me', { token: bob.accessToken }));
});
