// Known devices (promise 3): each is a lane of its own, so that guessing elsewhere shuts nobody out.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Answered, CallOptions } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { atOnce, fewAtOnce, inTurn, tally } from './support/at-once.ts';
import { readLog } from './support/audit-log.ts';
import { laneOf } from './support/lane.ts';
import {
  challengeOf,
  enrol,
  expect,
  expectProblem,
  logIn,
  nextCode,
  type Person,
  signUp,
  signUpWithFactor,
  tokensOf,
  wrongCode,
} from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: sharedRedisMissing ? 1 : 2, otps: sharedRedisMissing ? 1 : 2 });
});
after(() => endSoundly(stack));

type Owner = Person & { secret: string };

const provePassword = (person: Person, more: object = {}, options: CallOptions = {}): Promise<Answered> =>
  stack.api('POST', '/login', {
    ...options,
    body: { username: person.username, password: person.password, ...more },
  });

const known = (person: Person) => ({ device_token: person.deviceToken });
const wrong = { password: 'not the password' };

/** Fifty minutes of nothing but wrong codes from strangers, in a moment: their lane is locked without end. */
async function lockStrangers(owner: Owner): Promise<void> {
  const challenge = await challengeOf(stack.api, owner);
  const body = { challenge, otp: wrongCode(stack, owner) };
  expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body }));
  await stack.sql(
    `update otp.lane set attempts = accepted_at + 100, locked_until = 'infinity' where user_id = $1 and lane = 'strangers'`,
    [owner.id],
  );
}

async function logInFrom(owner: Owner, more: object = known(owner)): Promise<Answered> {
  const first = expect(200, await provePassword(owner, more));
  const body = { challenge: first.body.challenge, otp: nextCode(stack, owner), ...more };
  return stack.api('POST', '/login/otp', { body });
}

const listDevices = async (token: string) => expect(200, await stack.api('GET', '/devices', { token })).body.devices;

test('a known device logs in, changes the password and logs in again while strangers are locked without end', async () => {
  const ada = await signUpWithFactor(stack);
  await lockStrangers(ada);
  expectProblem(429, 'too-many-attempts', await logInFrom(ada, {}));
  Object.assign(ada, tokensOf(expect(200, await logInFrom(ada))));

  const new_password = 'a wholly different phrase';
  const change = { current_password: ada.password, new_password, otp: nextCode(stack, ada) };
  expect(204, await stack.api('PUT', '/me/password', { token: ada.accessToken, body: change }));
  ada.password = new_password;
  expect(200, await logInFrom(ada));
  stack.clock.advance(86_400_000);
  expect(200, await logInFrom(ada));
  expectProblem(429, 'too-many-attempts', await logInFrom(ada, {}));
});

test('counts, locks and resets stay in their lane', async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = async () => expect(200, await provePassword(ada, known(ada))).body.challenge;
  for (let at = 0; at < 10; at += 1) {
    const body = { challenge: await challenge(), otp: wrongCode(stack, ada), ...known(ada) };
    expectProblem(401, 'invalid-otp', await inTurn(stack.apis, at)('POST', '/login/otp', { body }));
  }
  assert.equal((await laneOf(stack, ada, ada.deviceToken)).attempts, 10);
  assert.equal((await laneOf(stack, ada)).attempts, 0);
  const right = { otp: nextCode(stack, ada) };
  const locked = { challenge: await challenge(), ...right, ...known(ada) };
  expectProblem(429, 'too-many-attempts', await stack.api('POST', '/login/otp', { body: locked }));
  const elsewhere = { challenge: await challengeOf(stack.api, ada), ...right };
  const answer = expect(200, await stack.api('POST', '/login/otp', { body: elsewhere }));
  assert.equal(answer.body.notices.wrong_codes, 10);
  assert.notEqual((await laneOf(stack, ada, ada.deviceToken)).locked_until, null, 'another lane resets nothing');
});

test('the device that proved the password need not send its token a second time', async () => {
  const ada = await signUpWithFactor(stack);
  await lockStrangers(ada);
  const { challenge } = expect(200, await provePassword(ada, known(ada))).body;
  const body = { challenge, otp: nextCode(stack, ada) };
  const answer = expect(200, await stack.api('POST', '/login/otp', { body }));
  assert.equal(answer.body.device_token, ada.deviceToken);
});

test("the owner's next login says how many wrong codes followed a right password, once", async () => {
  const ada = await signUpWithFactor(stack);
  for (let at = 0; at < 3; at += 1) {
    const body = { challenge: await challengeOf(stack.api, ada), otp: wrongCode(stack, ada) };
    expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body }));
  }
  assert.equal(expect(200, await logInFrom(ada)).body.notices.wrong_codes, 3);
  assert.equal(expect(200, await logInFrom(ada)).body.notices.wrong_codes, 0);
  assert.equal((await logIn(stack, ada)).body.notices.wrong_codes, 0);
});

test('ten wrong passwords from a device limit that device alone, and a stranger limits no device', async () => {
  const ada = await signUp(stack.api);
  const from = '203.0.113.50';
  for (let at = 0; at < 10; at += 1)
    expectProblem(401, 'invalid-credentials', await provePassword(ada, wrong, { from }));
  expectProblem(429, 'too-many-attempts', await provePassword(ada, {}, { from }));
  expect(200, await provePassword(ada, known(ada), { from }));
  for (let at = 0; at < 10; at += 1) {
    const options = { from: `203.0.113.${60 + at}` };
    expectProblem(401, 'invalid-credentials', await provePassword(ada, { ...wrong, ...known(ada) }, options));
  }
  expectProblem(429, 'too-many-attempts', await provePassword(ada, known(ada), { from: '203.0.113.80' }));
  expect(200, await provePassword(ada, {}, { from: '203.0.113.80' }));
});

test('past a hundred wrong passwords strangers have two tries a minute, and a known device gets in', async () => {
  const ada = await signUpWithFactor(stack);
  const nobody = { ...ada, username: 'nobody-of-that-name@example.com' };
  const guess = (person: Person, at: number) =>
    provePassword(person, wrong, { from: `198.51.${at % 100}.${at % 250}` });
  for (const person of [ada, nobody]) {
    const answers = await fewAtOnce(100, (at) => guess(person, at));
    assert.deepEqual(tally(answers), { 'invalid-credentials': 100 });
    const more = await atOnce(40, (at) => guess(person, at));
    assert.deepEqual(tally(more), { 'invalid-credentials': 1, 'too-many-attempts': 39 });
    const fresh = await atOnce(5, (at) => provePassword(person, wrong, { from: `192.0.2.${at}` }));
    assert.deepEqual(tally(fresh), { 'invalid-credentials': 1, 'too-many-attempts': 4 });
    const limited = expectProblem(429, 'too-many-attempts', await guess(person, 1));
    assert.ok(Number(limited.headers.get('retry-after')) <= 60);
  }
  expect(200, await provePassword(ada, known(ada), { from: '192.0.2.77' }));
  assert.equal((await laneOf(stack, ada)).attempts, 0);
});

test('past the limit a new device of the owner gets in, and a right password ends the row of wrong ones', async () => {
  await using strict = await startStack({ env: { PASSWORD_SLOW_AFTER: '3' } });
  const ada = await signUp(strict.api);
  const send = (more: object, from: string) =>
    strict.api('POST', '/login', { from, body: { username: ada.username, password: ada.password, ...more } });
  for (const from of ['192.0.2.1', '192.0.2.2']) expectProblem(401, 'invalid-credentials', await send(wrong, from));
  expect(200, await send({}, '192.0.2.3'));
  for (let at = 4; at < 7; at += 1) expectProblem(401, 'invalid-credentials', await send(wrong, `192.0.2.${at}`));
  expect(200, await send({}, '192.0.2.8'));
  expect(200, await send({}, '192.0.2.8'));
});

test('a limited address is told so first, whatever it sends but the token of a known device', async () => {
  await using strict = await startStack({ env: { ADDRESS_FAILURES: '2', PASSWORD_TRIES_PER_ADDRESS: '0' } });
  const ada = await signUp(strict.api);
  const from = '192.0.2.1';
  const post = (path: string, options: CallOptions) => strict.api('POST', path, { from, ...options });
  const { username } = ada;
  for (let at = 0; at < 2; at += 1)
    expectProblem(401, 'invalid-credentials', await post('/login', { body: { username, ...wrong } }));
  const device_token = `${randomUUID()}.${'A'.repeat(43)}`;
  const refused: [string, CallOptions][] = [
    ['/login', { body: { username: 'x', device_token } }],
    ['/login/otp', { body: { challenge: 'x', otp: '123456', device_token } }],
    ['/login/otp', { body: { challenge: 'x', otp: '1', device_token } }],
    ['/token/refresh', { body: {} }],
    ['/token/refresh', { body: { refresh_token: 'x' } }],
    ['/token/refresh', { raw: '{' }],
    ['/token/refresh', { raw: 'x', type: 'text/plain' }],
  ];
  for (const [path, options] of refused) expectProblem(429, 'too-many-attempts', await post(path, options));
  expect(200, await post('/login', { body: { username, password: ada.password, ...known(ada) } }));
  expect(200, await post('/token/refresh', { body: { refresh_token: ada.refreshToken } }));
});

test('of invented challenges at once an address hears of no more than it may fail', async () => {
  await using strict = await startStack({ env: { ADDRESS_FAILURES: '3' } });
  const body = { challenge: 'x', otp: '123456' };
  const answers = await atOnce(20, () => strict.api('POST', '/login/otp', { from: '192.0.2.1', body }));
  assert.deepEqual(tally(answers), { 'invalid-challenge': 3, 'too-many-attempts': 17 });
});

test('past the limit the networks of one /48 are one stranger, and a new device of the owner gets in', async () => {
  await using strict = await startStack({ env: { PASSWORD_SLOW_AFTER: '3' } });
  const ada = await signUp(strict.api);
  const send = (more: object, from: string) =>
    strict.api('POST', '/login', { from, body: { username: ada.username, password: ada.password, ...more } });
  for (let at = 1; at < 5; at += 1) expectProblem(401, 'invalid-credentials', await send(wrong, `2001:db8:1:${at}::1`));
  expectProblem(429, 'too-many-attempts', await send(wrong, '2001:db8:1:5::1'));
  expect(200, await send({}, '2001:db8:2::1'));
});

test('a live device is let past the limit of its address, for its own account alone', async () => {
  await using strict = await startStack({ env: { ADDRESS_FAILURES: '3', PASSWORD_TRIES_PER_ADDRESS: '0' } });
  const [ada, bob] = [await signUpWithFactor(strict), await signUp(strict.api, 'bob')];
  const from = '192.0.2.1';
  const send = (person: Person, more: object = {}) =>
    strict.api('POST', '/login', { from, body: { username: person.username, password: person.password, ...more } });
  const { challenge } = expect(200, await send(ada)).body;
  for (let at = 0; at < 3; at += 1) expectProblem(401, 'invalid-credentials', await send(bob, wrong));
  expectProblem(429, 'too-many-attempts', await send(bob));
  expectProblem(429, 'too-many-attempts', await send(bob, known(ada)));
  expectProblem(429, 'too-many-attempts', await send(bob, { device_token: `${bob.deviceToken.slice(0, -2)}AA` }));
  expect(200, await send(bob, known(bob)));
  const body = { challenge, otp: nextCode(strict, ada) };
  expectProblem(429, 'too-many-attempts', await strict.api('POST', '/login/otp', { from, body }));
  expectProblem(
    429,
    'too-many-attempts',
    await strict.api('POST', '/login/otp', { from, body: { ...body, ...known(bob) } }),
  );
  expect(200, await strict.api('POST', '/login/otp', { from, body: { ...body, ...known(ada) } }));
  const raw = await strict.api('POST', '/login', { from, raw: 'no json', type: 'text/plain' });
  expectProblem(429, 'too-many-attempts', raw);
});

test('has ten devices at most, lists them, and forgets the one that was used least recently', async () => {
  const ada = await signUp(stack.api);
  const tokens = [ada.deviceToken];
  for (let at = 0; at < 11; at += 1) tokens.push(expect(200, await provePassword(ada)).body.device_token);
  assert.equal(new Set(tokens).size, 12);
  const devices = await listDevices(ada.accessToken);
  const ids = tokens.map((token) => token.split('.')[0]);
  assert.deepEqual(
    devices.map((device: { id: string }) => device.id),
    ids.slice(2).reverse(),
  );
  const again = expect(200, await provePassword(ada, { device_token: tokens[0] }));
  assert.notEqual(again.body.device_token, tokens[0], 'a displaced device is a stranger');
  const removed = (await readLog(stack, ada.id)).filter((event) => event.type === 'sallyport.device.removed');
  assert.equal(removed.length, 3);
  await atOnce(30, () => provePassword(ada));
  assert.equal((await listDevices(ada.accessToken)).length, 10);
});

test('a removed device is a stranger, and foreign and malformed ids are the same 404', async () => {
  const [ada, bob] = [await signUp(stack.api), await signUp(stack.api, 'bob')];
  const token = ada.accessToken;
  const [own] = await listDevices(token);
  assert.equal(own.current, true);
  for (const id of [(await listDevices(bob.accessToken))[0].id, 'nothing']) {
    expectProblem(404, 'not-found', await stack.api('DELETE', `/devices/${id}`, { token }));
  }
  expect(204, await stack.api('DELETE', `/devices/${own.id.toUpperCase()}`, { token }));
  expectProblem(404, 'not-found', await stack.api('DELETE', `/devices/${own.id}`, { token }));
  assert.deepEqual(await listDevices(token), []);
  const refreshed = await stack.api('POST', '/token/refresh', { body: { refresh_token: ada.refreshToken } });
  assert.equal(expect(200, refreshed).body.device_token, null);
  assert.notEqual(expect(200, await provePassword(ada, known(ada))).body.device_token, ada.deviceToken);
  stack.clock.advance(301_000);
  expectProblem(403, 'reauthentication-required', await stack.api('GET', '/devices', { token: bob.accessToken }));
});

test('only the calling device survives a change of the password, and enabling a factor', async () => {
  const ada = await signUp(stack.api);
  const other = expect(200, await provePassword(ada)).body.device_token;
  const change = { current_password: ada.password, new_password: 'a wholly different phrase' };
  expect(204, await stack.api('PUT', '/me/password', { token: ada.accessToken, body: change }));
  ada.password = change.new_password;
  assert.equal(expect(200, await provePassword(ada, known(ada))).body.device_token, ada.deviceToken);
  assert.notEqual(expect(200, await provePassword(ada, { device_token: other })).body.device_token, other);
  const mine = ada.deviceToken;
  const enrolled = await enrol(stack, ada);
  assert.equal(enrolled.deviceToken, mine);
  assert.equal((await listDevices(enrolled.accessToken)).length, 1);
  const events = (await readLog(stack, ada.id)).filter((event) => event.type.startsWith('sallyport.device'));
  assert.deepEqual(tally(events.map(({ type }) => ({ status: 0, body: { code: type } }) as never)), {
    'sallyport.device.added': 3,
    'sallyport.device.removed': 2,
  });
});

test('a device of one account is a stranger to another, and its token is stored nowhere', async () => {
  const [ada, bob] = [await signUp(stack.api), await signUp(stack.api, 'bob')];
  assert.notEqual(expect(200, await provePassword(bob, known(ada))).body.device_token, ada.deviceToken);
  const carol = await signUpWithFactor(stack, 'carol');
  expectProblem(401, 'invalid-otp', await provePassword(carol, { ...known(ada), otp: wrongCode(stack, carol) }));
  assert.equal((await laneOf(stack, carol)).attempts, 1);
  const value = ada.deviceToken.split('.')[1] ?? '';
  const rows = await stack.sql<{ row: string }>('select d::text as row from gateway.device d where user_id = $1', [
    ada.id,
  ]);
  const hex = Buffer.from(value, 'base64url').toString('hex');
  assert.ok(rows.length === 1 && !rows[0]?.row.includes(hex) && !rows[0]?.row.includes(value));
});

test('browsers keep the token in a cookie of their own, and a body wins over it', async () => {
  const [ada, bob] = [await signUp(stack.api), await signUp(stack.api, 'bob')];
  const login = expect(200, await provePassword(ada, known(ada)));
  const cookie = login.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^__Host-sallyport_device=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const headers = { cookie: `other=1; ${cookie.split(';')[0]}` };
  assert.equal(expect(200, await provePassword(ada, {}, { headers })).body.device_token, ada.deviceToken);
  const wins = expect(200, await provePassword(ada, known(bob), { headers }));
  assert.notEqual(wins.body.device_token, ada.deviceToken);
});
