// The reset of a factor (PROTOCOL "Locks, resets, admins"; NIST SP 800-63B-4 section 4.2: recovery is no weaker than
// what it recovers): it takes two admins, neither of them the owner; it happens once, whatever is killed or away; a
// factor that was enrolled meanwhile stays; the owner hears of it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openDb } from '@sallyport/postgres';
import { resetOtp } from '../supervisor/reset-otp.ts';
import type { Answered } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { atOnce, tally } from './support/at-once.ts';
import { readLog } from './support/audit-log.ts';
import {
  challengeOf,
  enrol,
  expect,
  expectProblem,
  logIn,
  nextCode,
  type Person,
  signUpWithFactor,
  tokensOf,
} from './support/people.ts';
import { restartOtp } from './support/restart-otp.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

type Enrolled = Person & { secret: string };

const firstAdmin = { username: 'grace@example.com', password: 'a long pass phrase grace' };

let stack: Stack;
let grace: Enrolled;
let alan: Enrolled;

const env = { ADMIN_USERNAME: firstAdmin.username, ADMIN_PASSWORD: firstAdmin.password, FRESH_SECONDS: '86400' };

async function enrolFirstAdmin(on: Stack): Promise<Enrolled> {
  const first = expect(200, await on.api('POST', '/login', { body: firstAdmin }));
  return enrol(on, { ...firstAdmin, id: first.body.user.id, ...tokensOf(first), recoveryCodes: [] });
}

before(async () => {
  stack = await startStack({ env, gateways: 3 });
  grace = await enrolFirstAdmin(stack);
  alan = await createAdmin('alan');
});
after(() => endSoundly(stack));

async function createAdmin(name: string): Promise<Enrolled> {
  const person = await signUpWithFactor(stack, name);
  await setRoles(person, '{admin}');
  await logIn(stack, person);
  return person;
}

async function setRoles({ id }: Person, roles: string): Promise<void> {
  await stack.sql('update users.account set roles = $2::text[] where id = $1', [id, roles]);
}

const request = (admin: Person, owner: Pick<Person, 'id'>, reason = 'lost his phone', on = stack) =>
  on.api('POST', `/admin/users/${owner.id}/otp/reset`, { token: admin.accessToken, body: { reason } });

const approve = (admin: Person, id: string, on = stack) =>
  on.api('POST', `/admin/otp_resets/${id}/approve`, { token: admin.accessToken });

async function ask(admin: Person, owner: Person): Promise<string> {
  const asked = expect(202, await request(admin, owner));
  assert.equal(asked.body.status, 'pending');
  return asked.body.reset_id;
}

const provePassword = ({ username, password }: Person, on: Pick<Stack, 'api'> = stack): Promise<Answered> =>
  on.api('POST', '/login', { body: { username, password } });

async function stateOf(id: string): Promise<string | undefined> {
  const [row] = await stack.sql<{ state: string }>('select state from gateway.otp_reset where id = $1', [id]);
  return row?.state;
}

async function assertFactorStands(owner: Person, token = owner.accessToken): Promise<void> {
  assert.equal(expect(200, await stack.api('GET', '/auth/otp', { token })).body.otp_enabled, true);
}

test('two admins reset a factor: sessions, challenges and recovery codes end, and one login says so', async () => {
  const owner = await signUpWithFactor(stack, 'ada');
  const old = { accessToken: owner.accessToken, refreshToken: owner.refreshToken };
  const challenge = await challengeOf(stack.api, owner);
  const id = await ask(grace, owner);
  await assertFactorStands(owner);
  expect(204, await approve(alan, id));
  assert.equal(await stateOf(id), 'done');
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { token: old.accessToken }));
  const refresh = { refresh_token: old.refreshToken };
  expectProblem(401, 'invalid-refresh-token', await stack.api('POST', '/token/refresh', { body: refresh }));
  const body = { challenge, recovery_code: owner.recoveryCodes[0] };
  expectProblem(401, 'invalid-challenge', await stack.api('POST', '/login/otp', { body }));

  const told = expect(200, await provePassword(owner)).body;
  assert.equal(told.status, 'complete');
  assert.ok(Math.abs(Date.parse(told.notices.otp_reset_at) - Date.now()) < 60_000, told.notices.otp_reset_at);
  const again = expect(200, await provePassword(owner)).body;
  assert.equal(again.notices.otp_reset_at, null);
  assert.deepEqual([again.user.otp_enabled, again.user.id], [false, owner.id]);

  const events = (await readLog(stack, owner.id)) as unknown as { type: string; data: Record<string, unknown> }[];
  const about = events
    .filter(({ type }) => type.startsWith('sallyport.otp.reset'))
    .map(({ type, data: { outcome, reason, actor, target } }) => ({ type, outcome, reason, actor, target }));
  const target = { type: 'account', id: owner.id };
  const common = { outcome: 'success', reason: 'lost his phone', target };
  assert.deepEqual(about, [
    { type: 'sallyport.otp.reset_requested', ...common, actor: { type: 'account', id: grace.id } },
    { type: 'sallyport.otp.reset', ...common, actor: { type: 'account', id: alan.id } },
  ]);
  // A projector that lags may find the new version first, and say `overtaken`.
  const reasons = ['otp-reset', 'overtaken'];
  const ended = events.filter(({ type }) => type === 'sallyport.session.revoked').map(({ data }) => data.reason);
  assert.ok(ended.length === 1 && reasons.includes(String(ended[0])), String(ended));
  stack.clock.advance(30_000);
  await enrol(stack, Object.assign(owner, { accessToken: told.access_token }));
});

async function countWaiting(): Promise<number> {
  const [row] = await stack.sql<{ count: number }>(
    `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}

test('of ten logins at once after a reset exactly one says so', async () => {
  const owner = await signUpWithFactor(stack);
  expect(204, await approve(alan, await ask(grace, owner)));
  await using opened = new AsyncDisposableStack();
  const options = { url: stack.databaseUrl, name: 'test', max: 1, deadlineMs: 20_000 };
  const db = opened.adopt(openDb(options), (it) => it.close());
  // Holds them where their sessions are issued, so that all of them see the notice.
  const logins = await db.transaction(async (tx) => {
    await tx.query('select from gateway.subject where user_id = $1 for update', [owner.id]);
    // At each gateway one of them does, and the others behind it.
    const begun = atOnce(10, (at) => provePassword(owner, { api: stack.apis[at % 3] ?? stack.api }));
    await until('one waits at each gateway', async () => (await countWaiting()) === 3);
    return { begun };
  });
  const answers = await logins.begun;
  const complete = answers.filter(({ status }) => status === 200);
  assert.equal(complete.filter(({ body }) => body.notices.otp_reset_at !== null).length, 1);
});

test('a reset ends the locks of codes, the one without end included', async () => {
  const owner = await signUpWithFactor(stack);
  await stack.sql(
    `insert into otp.lane (user_id, lane, attempts, locked_until) values ($1, 'test', 100, 'infinity')
     on conflict on constraint lane_pk do update set attempts = 100, locked_until = 'infinity'`,
    [owner.id],
  );
  expect(204, await approve(alan, await ask(grace, owner)));
  assert.deepEqual(
    await stack.sql(
      'select from otp.lane where user_id = $1 and (locked_until is not null or accepted_at < attempts)',
      [owner.id],
    ),
    [],
  );
});

test('nobody approves his own request, or a reset of his own factor, or asks for one', async () => {
  const owner = await createAdmin('edsger');
  const id = await ask(grace, owner);
  expectProblem(403, 'forbidden', await approve(grace, id));
  expectProblem(403, 'forbidden', await approve(owner, id));
  expectProblem(403, 'forbidden', await request(grace, grace));
  expectProblem(403, 'forbidden', await request(grace, { id: grace.id.toUpperCase() }));
  await assertFactorStands(owner);
  assert.equal(await stateOf(id), 'pending');
});

test('only a fresh admin with two factors asks or approves', async () => {
  const owner = await signUpWithFactor(stack);
  const id = await ask(grace, owner);
  const nobody = await signUpWithFactor(stack);
  expectProblem(403, 'forbidden', await request(nobody, owner));
  expectProblem(403, 'forbidden', await approve(nobody, id));
  expectProblem(401, 'unauthenticated', await approve({ ...nobody, accessToken: 'a.b.c' }, id));
  await assertFactorStands(owner);
});

test('unknown accounts and requests, malformed ids, and accounts without a factor are 404; a bad reason is 422', async () => {
  const owner = await signUpWithFactor(stack);
  for (const id of [randomUUID(), 'nobody', "'; drop table gateway.otp_reset; --".replaceAll(' ', '%20')]) {
    expectProblem(404, 'not-found', await request(grace, { id }));
    expectProblem(404, 'not-found', await approve(alan, id));
  }
  for (const reason of ['', ' ', 'x'.repeat(201), 'a\u0000b', '\ud800', 7]) {
    expectProblem(422, 'invalid-request', await request(grace, owner, reason as string));
  }
  expect(202, await request(grace, owner, '😀'.repeat(200)));
  const id = await ask(alan, owner);
  expect(204, await approve(grace, id));
  expectProblem(404, 'no-factor', await request(grace, owner));
  expectProblem(404, 'not-found', await approve(grace, id));
});

test('asked again by the same admin it is the same request; another admin makes one of his own', async () => {
  const owner = await signUpWithFactor(stack);
  const id = await ask(grace, owner);
  assert.deepEqual(new Set(await atOnce(5, () => ask(grace, owner))), new Set([id]));
  const other = await ask(alan, owner);
  assert.notEqual(other, id);
  expect(204, await approve(alan, id));
  expectProblem(404, 'not-found', await approve(grace, other));
  assert.equal(await stateOf(other), 'void');
});

test('a request lapses when the requester is demoted or locked', async () => {
  const owner = await signUpWithFactor(stack);
  const barbara = await createAdmin('barbara');
  const id = await ask(barbara, owner);
  await setRoles(barbara, '{}');
  expectProblem(404, 'not-found', await approve(alan, id));
  await setRoles(barbara, '{admin}');
  await stack.sql('update users.account set locked_at = clock_timestamp() where id = $1', [barbara.id]);
  expectProblem(404, 'not-found', await approve(alan, id));
  await assertFactorStands(owner);
});

test('an admin whom users has demoted neither asks nor approves, though the gateway has not heard of it', async () => {
  const [owner, late] = [await signUpWithFactor(stack, 'ada'), await createAdmin('late')];
  const id = await ask(grace, owner);
  await setRoles(late, '{}');
  expectProblem(403, 'forbidden', await approve(late, id));
  expectProblem(403, 'forbidden', await request(late, owner));
  assert.equal(await stateOf(id), 'pending');
  await assertFactorStands(owner);
});

test('a request lapses after 24 hours, and a new one may be made', async () => {
  const owner = await signUpWithFactor(stack);
  const id = await ask(grace, owner);
  await stack.sql("update gateway.otp_reset set requested_at = requested_at - interval '24 hours' where id = $1", [id]);
  expectProblem(404, 'not-found', await approve(alan, id));
  await assertFactorStands(owner);
  const next = await ask(grace, owner);
  assert.notEqual(next, id);
  expectProblem(404, 'not-found', await approve(alan, id));
  expect(204, await approve(alan, next));
});

test('an owner who has enrolled anew before the approval keeps the new factor, and the request is void', async () => {
  const owner = await signUpWithFactor(stack);
  const id = await ask(grace, owner);
  const { password } = owner;
  const body = { password, otp: nextCode(stack, owner) };
  expect(200, await stack.api('PUT', '/auth/otp/disable', { token: owner.accessToken, body }));
  stack.clock.advance(30_000);
  await enrol(stack, owner);
  expectProblem(404, 'not-found', await approve(alan, id));
  assert.equal(await stateOf(id), 'void');
  await assertFactorStands(owner);
  await logIn(stack, owner);
  expectProblem(404, 'not-found', await approve(alan, id));
});

test('of fifty approvals at once one wins, and one reset happens', async () => {
  const owner = await signUpWithFactor(stack);
  const barbara = await createAdmin('barbara');
  const id = await ask(grace, owner);
  const answers = await atOnce(50, (at) => approve(at % 2 ? alan : barbara, id));
  assert.deepEqual(tally(answers), { 204: 1, 'not-found': 49 });
  const events = await readLog(stack, owner.id);
  assert.equal(events.filter(({ type }) => type === 'sallyport.otp.reset').length, 1);
});

test('an approval stands while otp is away, and is carried out when it is back', async () => {
  const owner = await signUpWithFactor(stack);
  const id = await ask(grace, owner);
  await stack.parts.otps[0]?.close();
  try {
    expect(204, await approve(alan, id));
    assert.equal(await stateOf(id), 'approved');
  } finally {
    await restartOtp(stack);
  }
  await until('the reset is done', async () => (await stateOf(id)) === 'done');
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { token: owner.accessToken }));
  await until('a login without a code', async () => (await provePassword(owner)).body.status === 'complete');
});

test('the operator resets a factor on the host; running gateways carry it out', async () => {
  const owner = await signUpWithFactor(stack);
  const db = openDb({ url: stack.databaseUrl, name: 'operator', max: 1 });
  try {
    await assert.rejects(resetOtp(db, 'nobody@example.com'), /There is no account "nobody@example.com"/);
    await assert.rejects(resetOtp(db, 'x'), /There is no account/);
    assert.match(await resetOtp(db, ` ${owner.username.toUpperCase()} `), /within seconds/);
    await until('a login without a code', async () => (await provePassword(owner)).body.status === 'complete');
    await assert.rejects(resetOtp(db, owner.username), /has no second factor/);
  } finally {
    await db.close();
  }
  const events = (await readLog(stack, owner.id)) as unknown as { type: string; data: { actor: unknown } }[];
  const actors = events.filter(({ type }) => type.startsWith('sallyport.otp.reset')).map(({ data }) => data.actor);
  assert.deepEqual(actors, [
    { type: 'operator', id: null },
    { type: 'operator', id: null },
  ]);
});

test('with ADMIN_RESET_APPROVALS=1 one admin is enough, at once', async () => {
  await using alone = await startStack({ env: { ...env, ADMIN_RESET_APPROVALS: '1' } });
  const admin = await enrolFirstAdmin(alone);
  const owner = await signUpWithFactor(alone);
  expectProblem(403, 'forbidden', await request(admin, admin, 'mine', alone));
  const done = expect(200, await request(admin, owner, 'lost his phone', alone));
  assert.equal(done.body.status, 'done');
  assert.ok(expect(200, await provePassword(owner, alone)).body.notices.otp_reset_at);
  expectProblem(403, 'forbidden', await approve(admin, done.body.reset_id, alone));
  const events = await readLog(alone, owner.id);
  const types = events.map(({ type }) => type).filter((type) => type.startsWith('sallyport.otp.reset'));
  assert.deepEqual(types, ['sallyport.otp.reset_requested', 'sallyport.otp.reset']);
});

test('with ADMIN_RESET_APPROVALS=1 a reset that meets otp away at its end is 202, and follows', async () => {
  await using alone = await startStack({ env: { ...env, ADMIN_RESET_APPROVALS: '1' } });
  const admin = await enrolFirstAdmin(alone);
  const owner = await signUpWithFactor(alone);
  // Stands in the way of the removal alone, until it is gone.
  await alone.sql(`alter table otp.reset add constraint away check (false)`);
  const refused = await request(admin, owner, 'lost his phone', alone);
  assert.deepEqual([refused.status, refused.body.status], [202, 'pending']);
  await alone.sql('alter table otp.reset drop constraint away');
  await until('a login without a code', async () => (await provePassword(owner, alone)).body.status === 'complete');
});
