// Guessing passwords, and what an address may do: counted before the check, one count for every form of a name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CallOptions } from './support/api.ts';
import { assertSound, endSoundly } from './support/assert-sound.ts';
import { answered, atOnce, inTurn, tally } from './support/at-once.ts';
import { countEvents } from './support/audit-log.ts';
import { laneOf } from './support/lane.ts';
import { expect, expectProblem, type Person, signUp, signUpWithFactor, wrongCode } from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: sharedRedisMissing ? 1 : 2 });
});
after(() => endSoundly(stack));

const logIn = (person: Person, body: object = {}, options: CallOptions = {}, at = 0, on = stack) =>
  inTurn(on.apis, at)('POST', '/login', {
    ...options,
    body: { username: person.username, password: person.password, ...body },
  });
const wrong = { password: 'not the password' };

/** Every way to type a name that is the same account. */
function formsOf(username: string): string[] {
  const fullwidth = username.replace(/[!-~]/g, (char) => String.fromCodePoint((char.codePointAt(0) ?? 0) + 0xfee0));
  return [
    username,
    username.toUpperCase(),
    ` ${username}\t`,
    fullwidth,
    username.normalize('NFD'),
    username.toUpperCase().normalize('NFD'),
  ];
}

test('evaluates ten wrong passwords of an account from an address, also out of 40 at once', async () => {
  const ada = await signUp(stack.api);
  const answers = await atOnce(40, (at) => logIn(ada, wrong, { from: '203.0.113.1' }, at));
  const {
    'invalid-credentials': burst = 0,
    'too-many-attempts': limitedAtOnce = 0,
    ...others
  } = tally(answered(answers));
  assert.deepEqual(others, {});
  assert.ok(burst > 0 && burst + limitedAtOnce <= 40);
  for (let at = burst; at < 10; at += 1) await logIn(ada, wrong, { from: '203.0.113.1' }, at);
  assert.equal(await countEvents(stack, ada.id, 'login.failed'), 10);
  const limited = expectProblem(429, 'too-many-attempts', await logIn(ada, {}, { from: '203.0.113.1' }));
  assert.ok(Number(limited.headers.get('retry-after')) <= 600);
  expect(200, await logIn(ada, {}, { from: '203.0.113.2' }, 1));
  const bob = await signUp(stack.api, 'bob');
  expect(200, await logIn(bob, {}, { from: '203.0.113.1' }));
});

test('refuses nobody of many who log in rightly at the same moment', async () => {
  const ada = await signUp(stack.api);
  const answers = await atOnce(40, (at) => logIn(ada, {}, { from: '203.0.113.3' }, at));
  assert.deepEqual(Object.keys(tally(answered(answers))), ['200']);
});

test('has one account and one counter for every form of a name (CVE-2025-24806)', async () => {
  const ada = await signUpWithFactor(stack, 'josé');
  const forms = formsOf(ada.username);
  assert.equal(new Set(forms).size, forms.length);
  const otp = wrongCode(stack, ada);
  for (const [at, username] of forms.entries()) {
    expectProblem(401, 'invalid-otp', await logIn(ada, { username, otp }, { from: `203.0.113.${20 + at}` }, at));
    assert.equal((await laneOf(stack, ada)).attempts, at + 1, username);
  }
  const noise = { headers: { 'x-user-id': 'x', cookie: 'a=b', 'user-agent': 'another' }, from: '203.0.113.4' };
  for (let at = 0; at < 10; at += 1) {
    const body = { ...wrong, username: inTurn(forms, at), [`extra_${at}`]: at };
    expectProblem(401, 'invalid-credentials', await logIn(ada, body, noise, at));
  }
  for (const username of forms) {
    expectProblem(429, 'too-many-attempts', await logIn(ada, { username }, { from: '203.0.113.4' }));
    const taken = { username, password: 'another long pass phrase' };
    expectProblem(409, 'username-taken', await stack.api('POST', '/signup', { body: taken }));
  }
});

test('counts wrong passwords for names that nobody has just the same', async () => {
  const username = 'nobody@example.com';
  for (let at = 0; at < 10; at += 1) {
    const body = { username: inTurn(formsOf(username), at), password: 'whatever it is' };
    expectProblem(401, 'invalid-credentials', await stack.api('POST', '/login', { body, from: '203.0.113.5' }));
  }
  const body = { username, password: 'whatever it is' };
  expectProblem(429, 'too-many-attempts', await stack.api('POST', '/login', { body, from: '203.0.113.5' }));
});

test('takes passwords that a session sends from the same budget', async () => {
  const ada = await signUp(stack.api);
  const from = '203.0.113.6';
  const { accessToken: token, deviceToken: device_token } = ada;
  const change = { current_password: wrong.password, new_password: 'another long pass phrase' };
  for (let at = 0; at < 5; at += 1) {
    const again = await stack.api('POST', '/reauthenticate', { token, from, body: wrong });
    expectProblem(401, 'invalid-credentials', again);
    const changed = await stack.api('PUT', '/me/password', { token, from, body: change });
    expectProblem(401, 'invalid-credentials', changed);
  }
  expectProblem(429, 'too-many-attempts', await logIn(ada, { device_token }, { from }));
  const again = await stack.api('POST', '/reauthenticate', { token, from, body: { password: ada.password } });
  expectProblem(429, 'too-many-attempts', again);
});

test('limits an address after its failures, an IPv6 address with its /64, and a site at ten times as many', async () => {
  await using limited = await startStack({ env: { ADDRESS_FAILURES: '5', PASSWORD_TRIES_PER_ADDRESS: '0' } });
  const ada = await signUp(limited.api);
  const failFrom = async (from: string) => (await logIn(ada, wrong, { from }, 0, limited)).status;
  for (const from of ['192.0.2.1', '2001:db8:1:1::1']) {
    for (let at = 0; at < 5; at += 1) assert.equal(await failFrom(from), 401);
  }
  const refresh = (refresh_token: string) =>
    limited.api('POST', '/token/refresh', { from: '192.0.2.1', body: { refresh_token } });
  const signup = { from: '192.0.2.1', body: { username: 'new@example.com', password: 'another long pass phrase' } };
  const blocked = [
    await logIn(ada, {}, { from: '192.0.2.1' }, 0, limited),
    await logIn(ada, {}, { from: '::ffff:192.0.2.1' }, 0, limited),
    await logIn(ada, {}, { from: '2001:db8:1:1:ffff::2' }, 0, limited),
    await limited.api('POST', '/signup', signup),
    await limited.api('POST', '/login/otp', { from: '192.0.2.1', body: { challenge: 'x', otp: '123456' } }),
    await refresh('invented'),
  ];
  assert.deepEqual(tally(blocked), { 'too-many-attempts': blocked.length });
  assert.ok(blocked.every((answer) => Number(answer.headers.get('retry-after')) <= 600));
  expect(200, await refresh(ada.refreshToken));
  expect(200, await logIn(ada, {}, { from: '192.0.2.2' }, 0, limited));
  expect(200, await logIn(ada, {}, { from: '2001:db8:1:2::1' }, 0, limited));

  for (let network = 0; network < 9; network += 1) {
    for (let at = 0; at < 5; at += 1) assert.equal(await failFrom(`2001:db8:1:${network + 10}::1`), 401);
  }
  assert.equal(await failFrom('2001:db8:1:ff::1'), 429);
  assert.equal(await failFrom('2001:db8:2:ff::1'), 401);
  await assertSound(limited);
});

test('counts signups of an address before it looks at the name', async () => {
  await using limited = await startStack({ env: { SIGNUPS_PER_ADDRESS: '3' } });
  const sign = (username: string, from: string) =>
    limited.api('POST', '/signup', { from, body: { username, password: 'another long pass phrase' } });
  assert.equal((await sign('ada@example.com', '192.0.2.1')).status, 201);
  assert.equal((await sign('ada@example.com', '192.0.2.1')).status, 409);
  assert.equal((await sign('ada@example.com', '192.0.2.1')).status, 409);
  expectProblem(429, 'too-many-attempts', await sign('ada@example.com', '192.0.2.1'));
  expectProblem(429, 'too-many-attempts', await sign('bob@example.com', '192.0.2.1'));
  assert.equal((await sign('bob@example.com', '192.0.2.2')).status, 201);
});

test('counts signups of an IPv6 address by its /64, and by its /48 at ten times', async () => {
  await using limited = await startStack({ env: { SIGNUPS_PER_ADDRESS: '1' } });
  const sign = (at: number, from: string) =>
    limited.api('POST', '/signup', {
      from,
      body: { username: `person-${at}@example.com`, password: 'another long pass phrase' },
    });
  for (let at = 1; at <= 10; at += 1) assert.equal((await sign(at, `2001:db8:1:${at}::1`)).status, 201);
  expectProblem(429, 'too-many-attempts', await sign(11, '2001:db8:1:11::1'));
  assert.equal((await sign(12, '2001:db8:2:1::1')).status, 201);
  expectProblem(429, 'too-many-attempts', await sign(13, '2001:db8:2:1::2'));
});

test('believes X-Forwarded-For from nobody but a trusted proxy (CVE-2024-47070)', async () => {
  await using direct = await startStack({ env: { TRUSTED_PROXIES: '', PASSWORD_TRIES_PER_ADDRESS: '6' } });
  const ada = await signUp(direct.api);
  const forms = ['192.0.2.1', '::ffff:127.0.0.1', 'garbage', '192.0.2.1, 192.0.2.2', "'; drop table", '127.0.0.1'];
  for (const from of forms) expectProblem(401, 'invalid-credentials', await logIn(ada, wrong, { from }, 0, direct));
  expectProblem(429, 'too-many-attempts', await logIn(ada, {}, { from: '192.0.2.9' }, 0, direct));
  expectProblem(429, 'too-many-attempts', await logIn(ada, {}, {}, 0, direct));
});

test('takes the last address that its proxy added, and stands any header', async () => {
  const ada = await signUp(stack.api);
  for (let at = 0; at < 10; at += 1) {
    const from = `10.0.0.${at}, 203.0.113.7`;
    expectProblem(401, 'invalid-credentials', await logIn(ada, wrong, { from }, at));
  }
  expectProblem(429, 'too-many-attempts', await logIn(ada, {}, { from: '203.0.113.7' }));
  const strange = ['garbage', ',,,', '203.0.113.300', '[::1]:443', '\u00ff'.repeat(200), '1,'.repeat(5_000)];
  for (const from of strange) assert.equal((await logIn(ada, {}, { from })).status, 200, from.slice(0, 20));
  const { username, password } = ada;
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '10.0.0.1, '.repeat(5_000) };
  const body = JSON.stringify({ username, password });
  const answer = await fetch(`${stack.parts.gateways[0]?.url}/login`, { method: 'POST', headers, body });
  assert.equal(answer.status, 431);
});
