// What admins do to accounts: who may, what ends at once, what never comes back, and that somebody can always administer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openDb } from '@sallyport/postgres';
import { raiseFence } from '../gateway/store/fence.ts';
import type { Answered } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { readLog, waitForLog } from './support/audit-log.ts';
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
import { type Stack, startStack } from './support/stack.ts';

type Admin = Person & { secret: string };

const credentials = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
const reason = 'laptop stolen';

let stack: Stack;
let root: Admin;
before(async () => {
  const env = { ADMIN_USERNAME: credentials.username, ADMIN_PASSWORD: credentials.password };
  stack = await startStack({ env: { ...env, OTP_LOCK_AFTER: '0', OTP_HARD_LOCK_AFTER: '3' } });
  const login = expect(200, await stack.api('POST', '/login', { body: credentials }));
  root = await enrol(stack, { ...credentials, id: login.body.user.id, ...tokensOf(login), recoveryCodes: [] });
});
after(() => endSoundly(stack));

const as = (admin: Person, method: 'GET' | 'POST' | 'PUT', path: string, body?: object) =>
  stack.api(method, path, { token: admin.accessToken, ...(body ? { body } : {}) });

const order = (admin: Person, target: { id: string }, what: string) =>
  as(admin, 'POST', `/admin/users/${target.id}/${what}`, { reason });

const setRoles = (admin: Person, target: { id: string }, roles: string[]) =>
  as(admin, 'PUT', `/admin/users/${target.id}/roles`, { roles, reason });

/** Somebody with both factors whom root makes an admin, and who is one at once. */
async function makeAdmin(name: string): Promise<Admin> {
  const person = await signUpWithFactor(stack, name);
  expect(200, await setRoles(root, person, ['admin']));
  return person;
}

async function assertDead(tokens: { accessToken: string; refreshToken: string }): Promise<void> {
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { token: tokens.accessToken }));
  const body = { refresh_token: tokens.refreshToken };
  expectProblem(401, 'invalid-refresh-token', await stack.api('POST', '/token/refresh', { body }));
}

const answer = (challenge: string, otp: string) => stack.api('POST', '/login/otp', { body: { challenge, otp } });

/** Makes root's session fresh again, since the clock of these tests only goes forward. */
const refreshRoot = () => logIn(stack, root);

async function eventsOf(person: { id: string }, type: string) {
  return (await readLog(stack, person.id)).filter((event) => event.type === `sallyport.${type}`);
}

test('every call is for an admin with both factors and a fresh session', async () => {
  const ada = await signUp(stack.api);
  const calls: ['GET' | 'POST' | 'PUT', string, object?][] = [
    ['GET', `/admin/users?username=${ada.username}`],
    ['GET', `/admin/users/${ada.id}`],
    ['POST', `/admin/users/${ada.id}/lock`, { reason }],
    ['POST', `/admin/users/${ada.id}/unlock`, { reason }],
    ['POST', `/admin/users/${ada.id}/sessions/revoke`, { reason }],
    ['PUT', `/admin/users/${ada.id}/roles`, { roles: ['admin'], reason }],
    ['GET', '/admin/coverage'],
  ];
  const bare = await signUp(stack.api, 'bare');
  expect(200, await setRoles(root, bare, ['admin']));
  const auditor = await signUpWithFactor(stack, 'auditor');
  expect(200, await setRoles(root, auditor, ['audit']));
  for (const [method, path, body] of calls) {
    expectProblem(401, 'unauthenticated', await stack.api(method, path, body ? { body } : {}));
    expectProblem(403, 'forbidden', await as(ada, method, path, body));
    expectProblem(403, 'forbidden', await as(auditor, method, path, body));
    expectProblem(403, 'enrolment-required', await as(bare, method, path, body));
  }
  stack.clock.advance(301_000);
  for (const [method, path, body] of calls) {
    expectProblem(403, 'reauthentication-required', await as(root, method, path, body));
  }
  expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
  await refreshRoot();
  expect(200, await setRoles(root, bare, []));
});

test('finds an account by any form of its exact name, and by id', async () => {
  const ada = await signUpWithFactor(stack);
  const shown = {
    ...{ id: ada.id, username: ada.username, roles: [], otp_enabled: true, locked: false, wrong_codes: 0 },
    created_at: expect(200, await as(root, 'GET', `/admin/users/${ada.id}`)).body.created_at,
  };
  for (const form of [ada.username, ada.username.toUpperCase(), ` ${ada.username} `]) {
    const { body } = expect(200, await as(root, 'GET', `/admin/users?username=${encodeURIComponent(form)}`));
    assert.deepEqual(body, { users: [shown] });
  }
  const part = await as(root, 'GET', `/admin/users?username=${ada.username.slice(0, -1)}`);
  assert.deepEqual(expect(200, part).body, { users: [] });
  assert.deepEqual(expect(200, await as(root, 'GET', `/admin/users/${ada.id.toUpperCase()}`)).body, shown);
});

test('an unknown or malformed id is 404 at every call', async () => {
  for (const id of [randomUUID(), 'nobody', '%00', "'--"]) {
    expectProblem(404, 'not-found', await as(root, 'GET', `/admin/users/${id}`));
    for (const what of ['lock', 'unlock', 'sessions/revoke']) {
      expectProblem(404, 'not-found', await as(root, 'POST', `/admin/users/${id}/${what}`, { reason }));
    }
    expectProblem(404, 'not-found', await as(root, 'PUT', `/admin/users/${id}/roles`, { roles: [], reason }));
  }
});

test('a reason of 1 to 200 characters and roles by their form are wanted; else nothing happens', async () => {
  const ada = await signUp(stack.api);
  for (const wrong of [{}, { reason: '' }, { reason: ' ' }, { reason: 'x'.repeat(201) }, { reason: 1 }]) {
    expectProblem(422, 'invalid-request', await as(root, 'POST', `/admin/users/${ada.id}/lock`, wrong));
  }
  for (const roles of [undefined, 'admin', ['Admin'], ['a,b'], Array.from({ length: 33 }, (_, at) => `r${at}`)]) {
    expectProblem(422, 'invalid-request', await as(root, 'PUT', `/admin/users/${ada.id}/roles`, { roles, reason }));
  }
  expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
  expect(204, await as(root, 'POST', `/admin/users/${ada.id}/lock`, { reason: `${'🔒'.repeat(199)}!` }));
});

test('a lock stops tokens, sessions and challenges at once, and says who did it and why', async () => {
  const ada = await signUpWithFactor(stack);
  const first = { ...ada };
  await logIn(stack, ada);
  const open = await challengeOf(stack.api, ada);
  expect(204, await order(root, ada, 'lock'));
  await assertDead(first);
  await assertDead(ada);
  expectProblem(401, 'invalid-challenge', await answer(open, nextCode(stack, ada)));
  const { username, password } = ada;
  expectProblem(401, 'invalid-credentials', await stack.api('POST', '/login', { body: { username, password } }));
  assert.equal((await as(root, 'GET', `/admin/users/${ada.id}`)).body.locked, true);

  expect(204, await order(root, ada, 'lock'));
  const [locked, ...more] = await eventsOf(ada, 'user.locked');
  assert.deepEqual(more, [], 'locking a locked account records nothing');
  assert.deepEqual(locked?.data, {
    ...locked?.data,
    ...{ outcome: 'success', reason, count: 1 },
    actor: { type: 'account', id: root.id },
    target: { type: 'account', id: ada.id },
  });
  const ended = await eventsOf(ada, 'session.revoked');
  assert.deepEqual(
    ended.filter((event) => event.data.reason === 'locked').map((event) => Reflect.get(event.data, 'actor')),
    [
      { type: 'account', id: root.id },
      { type: 'account', id: root.id },
    ],
  );
});

test('leaves nothing alive when a lock races refreshing', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUp(stack.api);
    const refresh = () => stack.api('POST', '/token/refresh', { body: { refresh_token: ada.refreshToken } });
    const [one, locked, another] = await Promise.all([refresh(), order(root, ada, 'lock'), refresh()]);
    expect(204, locked);
    for (const answer of [one, another]) if (answer.status === 200) await assertDead(tokensOf(answer));
    await assertDead(ada);
  }
});

test('an unlock brings nothing back, lets a new login in, and ends a hard lock of codes; the factor stays', async () => {
  const ada = await signUpWithFactor(stack);
  const old = { ...ada };
  const open = await challengeOf(stack.api, ada);
  const guesses = await challengeOf(stack.api, ada);
  for (let tries = 0; tries < 3; tries += 1) {
    expectProblem(401, 'invalid-otp', await answer(guesses, wrongCode(stack, ada)));
  }
  expectProblem(429, 'too-many-attempts', await answer(open, nextCode(stack, ada)));
  const seen = expect(200, await as(root, 'GET', `/admin/users?username=${ada.username}`)).body.users[0];
  assert.equal(seen.wrong_codes, 3);
  expect(204, await order(root, ada, 'lock'));
  await waitForLog(stack);
  expect(204, await order(root, ada, 'unlock'));
  await assertDead(old);
  expectProblem(401, 'invalid-challenge', await answer(open, nextCode(stack, ada)));
  await logIn(stack, ada);
  const shown = expect(200, await as(root, 'GET', `/admin/users/${ada.id}`)).body;
  assert.deepEqual([shown.wrong_codes, shown.locked, shown.otp_enabled], [0, false, true]);
  assert.equal((await laneOf(stack, ada)).locked_until, null);
  const [unlocked] = await eventsOf(ada, 'user.unlocked');
  assert.equal(unlocked?.data.reason, reason);
});

test('a lock that is told late, after its unlock, locks nobody out again', async () => {
  const ada = await signUp(stack.api);
  await refreshRoot();
  expect(204, await order(root, ada, 'lock'));
  const [locked] = await stack.sql<{ epoch: number }>('select epoch from users.account where id = $1', [ada.id]);
  await waitForLog(stack);
  expect(204, await order(root, ada, 'unlock'));
  const { username, password } = ada;
  const login = expect(200, await stack.api('POST', '/login', { body: { username, password } }));
  const db = openDb({ url: stack.databaseUrl, name: 'late', max: 1 });
  try {
    await raiseFence(db, ada.id, { epoch: locked?.epoch ?? 0, locked: true }, 'late');
  } finally {
    await db.close();
  }
  expect(200, await stack.api('GET', '/me', { token: login.body.access_token }));
  expect(200, await stack.api('POST', '/login', { body: { username, password } }));
});

test('all sessions and challenges of an account end, and the next login is let in', async () => {
  await refreshRoot();
  const ada = await signUpWithFactor(stack);
  const first = { ...ada };
  await logIn(stack, ada);
  const open = await challengeOf(stack.api, ada);
  expect(204, await order(root, ada, 'sessions/revoke'));
  await assertDead(first);
  await assertDead(ada);
  expectProblem(401, 'invalid-challenge', await answer(open, nextCode(stack, ada)));
  await logIn(stack, ada);
  const reasons = (await eventsOf(ada, 'session.revoked')).map((event) => event.data.reason);
  assert.deepEqual(reasons.sort(), ['ended-by-admin', 'ended-by-admin', reason]);
});

test('a role that is given counts at once in sessions that live, one that is taken away ends them', async () => {
  await refreshRoot();
  const ada = await signUpWithFactor(stack);
  expectProblem(403, 'forbidden', await as(ada, 'GET', '/audit/events?limit=1'));
  const given = expect(200, await setRoles(root, ada, ['audit', 'support', 'audit']));
  assert.deepEqual(given.body.roles, ['audit', 'support']);
  expect(200, await as(ada, 'GET', '/audit/events?limit=1'));
  expect(200, await setRoles(root, ada, ['support', 'audit']));
  expect(200, await as(ada, 'GET', '/audit/events?limit=1'));
  assert.equal((await eventsOf(ada, 'user.roles_changed')).length, 1, 'the same roles again record nothing');
  const open = await challengeOf(stack.api, ada);
  expect(200, await setRoles(root, ada, ['support']));
  await assertDead(ada);
  expectProblem(401, 'invalid-challenge', await answer(open, nextCode(stack, ada)));
  const again = await logIn(stack, ada);
  assert.deepEqual(again.body.user.roles, ['support']);
  expectProblem(403, 'forbidden', await as(ada, 'GET', '/audit/events?limit=1'));
});

test('nobody proves a session back to life that users has overtaken, though the gateway has not heard of it', async () => {
  const ada = await makeAdmin('ada');
  await logIn(stack, ada);
  await stack.sql("update users.account set roles = '{}', epoch = epoch + 1 where id = $1", [ada.id]);
  const { accessToken: token, password } = ada;
  const again = { password, otp: nextCode(stack, ada) };
  expectProblem(401, 'unauthenticated', await stack.api('POST', '/reauthenticate', { token, body: again }));
  const change = { current_password: password, new_password: 'another long pass phrase', otp: nextCode(stack, ada) };
  expectProblem(401, 'unauthenticated', await stack.api('PUT', '/me/password', { token, body: change }));
  const bob = await signUpWithFactor(stack, 'bob');
  await stack.sql('update users.account set epoch = epoch + 1 where id = $1', [bob.id]);
  const disable = { token: bob.accessToken, body: { password: bob.password, otp: nextCode(stack, bob) } };
  expectProblem(401, 'unauthenticated', await stack.api('PUT', '/auth/otp/disable', disable));
  const cyd = await signUpWithFactor(stack, 'cyd');
  await stack.sql('update otp.factor set version = version + 1 where user_id = $1', [cyd.id]);
  const proof = { token: cyd.accessToken, body: { password: cyd.password, otp: nextCode(stack, cyd) } };
  expectProblem(401, 'unauthenticated', await stack.api('POST', '/reauthenticate', proof));
  await stack.sql('update otp.factor set version = version - 1 where user_id = $1', [cyd.id]);
  assert.deepEqual(
    await stack.sql('select epoch from gateway.session where user_id = $1 and epoch > 1 and ended_at is null', [
      ada.id,
    ]),
    [],
  );
});

test('the last admin can neither be demoted nor locked, while another locked one does not count', async () => {
  await refreshRoot();
  expectProblem(409, 'last-admin', await setRoles(root, root, ['audit']));
  expectProblem(409, 'last-admin', await order(root, root, 'lock'));
  const other = await makeAdmin('other');
  expect(204, await order(root, other, 'lock'));
  expectProblem(409, 'last-admin', await setRoles(root, root, []));
  expectProblem(409, 'last-admin', await order(root, root, 'lock'));
  expect(200, await setRoles(root, other, []));
  expect(200, await as(root, 'GET', `/admin/users/${root.id}`));
});

test('of two admins who demote or lock each other at once one remains, 20 rounds', async () => {
  const admins = async () =>
    (
      await stack.sql<{ id: string }>(`select id from users.account where 'admin' = any (roles) and locked_at is null`)
    ).map((row) => row.id);
  for (let round = 0; round < 20; round += 1) {
    await refreshRoot();
    const other = await makeAdmin('other');
    const act = (admin: Person, target: Person) =>
      round % 2 === 0 ? setRoles(admin, target, []) : order(admin, target, 'lock');
    const answers = await Promise.all([act(root, other), act(other, root)]);
    const left = await admins();
    assert.equal(left.length, 1, answers.map((one: Answered) => one.status).join());
    assert.equal(answers.filter((one) => one.status < 300).length, 1);
    if (left[0] === root.id) continue;
    await waitForLog(stack);
    expect(204, await order(other, root, 'unlock'));
    expect(200, await setRoles(other, root, ['admin']));
    await waitForLog(stack);
    await refreshRoot();
    expect(200, await setRoles(root, other, []));
  }
});

test('an admin who was demoted while the call was on its way changes nothing', async () => {
  await refreshRoot();
  const other = await makeAdmin('other');
  const ada = await signUp(stack.api);
  // As if the gateway had not heard yet of what users knows.
  await stack.sql(`update users.account set roles = '{}' where id = $1`, [other.id]);
  expectProblem(403, 'forbidden', await order(other, ada, 'lock'));
  expectProblem(403, 'forbidden', await setRoles(other, other, ['admin']));
  expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
});

test('coverage counts every account once, and each role it has', async () => {
  await refreshRoot();
  const before = expect(200, await as(root, 'GET', '/admin/coverage')).body;
  const bare = await signUp(stack.api);
  const ada = await signUpWithFactor(stack);
  const eve = await signUpWithFactor(stack, 'eve');
  expect(200, await setRoles(root, bare, ['counted']));
  expect(200, await setRoles(root, ada, ['audit', 'counted']));
  expect(204, await order(root, bare, 'lock'));
  for (const code of eve.recoveryCodes.slice(0, 8)) {
    const body = { username: eve.username, password: eve.password, recovery_code: code };
    expect(200, await stack.api('POST', '/login', { body }));
  }
  stack.clock.advance(10_000);
  const found = expect(200, await as(root, 'GET', '/admin/coverage')).body;
  const none = { with_factor: 0, without_factor: 0 };
  const audit = before.by_role.audit ?? none;
  assert.deepEqual(found, {
    accounts: before.accounts + 3,
    with_factor: before.with_factor + 2,
    without_factor: before.without_factor + 1,
    locked: before.locked + 1,
    few_recovery_codes: before.few_recovery_codes + 1,
    by_role: {
      ...before.by_role,
      audit: { ...audit, with_factor: audit.with_factor + 1 },
      counted: { with_factor: 1, without_factor: 1 },
      none: { ...before.by_role.none, with_factor: before.by_role.none.with_factor + 1 },
    },
  });
  const [truth] = await stack.sql(
    `select count(*)::int as accounts, count(*) filter (where locked_at is not null)::int as locked,
       count(*) filter (where otp_enabled)::int as with_factor from users.account`,
  );
  const { accounts, locked, with_factor } = found;
  assert.deepEqual({ accounts, locked, with_factor }, truth);
});
