// Blocks of addresses (promise 9): every gateway refuses what an admin blocked, by the counted address alone and without
// asking anybody; what a limit blocked is seen, told once, and can be lifted.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { waysIn } from '../gateway/routes/ways-in.ts';
import type { Answered, Api } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { inTurn } from './support/at-once.ts';
import { readLog } from './support/audit-log.ts';
import { startMoreGateway } from './support/more-parts.ts';
import { enrol, expect, expectProblem, logIn, type Person, signUp, tokensOf } from './support/people.ts';
import { startProxy } from './support/proxy.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

type Admin = Person & { secret: string };

const credentials = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
const env = { ADMIN_USERNAME: credentials.username, ADMIN_PASSWORD: credentials.password };
const gateways = sharedRedisMissing ? 1 : 2;
const reason = 'guesses all day';
const unblocked = '203.0.113.250';

let stack: Stack;
let root: Admin;
before(async () => {
  stack = await startStack({ gateways, env });
  root = await enrolRoot(stack);
});
after(() => endSoundly(stack));

async function enrolRoot(on: Stack): Promise<Admin> {
  const login = expect(200, await on.api('POST', '/login', { body: credentials }));
  return enrol(on, { ...credentials, id: login.body.user.id, ...tokensOf(login), recoveryCodes: [] });
}

const post = (body: object, from = unblocked) =>
  stack.api('POST', '/admin/ip_blocks', { token: root.accessToken, from, body });
const block = async (cidr: string, more: object = {}) => expect(201, await post({ cidr, reason, ...more })).body;
const lift = (id: string) => stack.api('DELETE', `/admin/ip_blocks/${id}`, { token: root.accessToken });
const list = async (on = stack, by = root) =>
  expect(200, await on.api('GET', '/admin/ip_blocks', { token: by.accessToken })).body.ip_blocks;

const keysFrom = (api: Api, from: string) => api('GET', '/.well-known/jwks.json', { from });
const isRefused = (answer: Answered) => answer.body.code === 'address-blocked';

/** Every gateway but the one that was called has two seconds; the test only says that it comes about. */
async function untilAll(from: string, refused: boolean): Promise<void> {
  for (const api of stack.apis) {
    await until(
      `${from} is ${refused ? '' : 'not '}refused`,
      async () => isRefused(await keysFrom(api, from)) === refused,
    );
  }
}

async function eventsOf(id: string, on = stack) {
  const rows = await on.sql<{ body: string }>(
    `select body from gateway.audit_event where body::jsonb #>> '{data,target,id}' = $1 order by sequence`,
    [id],
  );
  return rows.map((row) => JSON.parse(row.body));
}

test('a blocked address is refused on every gateway, with a live token too, until the block is lifted', async () => {
  const from = '203.0.113.1';
  const made = await block(from);
  assert.equal(made.cidr, '203.0.113.1/32');
  assert.deepEqual([made.reason, made.created_by, made.expires_at], [reason, root.id, null]);
  expectProblem(403, 'address-blocked', await keysFrom(stack.api, from));
  await untilAll(from, true);
  for (const api of stack.apis) {
    const answer = await api('GET', '/me', { token: root.accessToken, from });
    expectProblem(403, 'address-blocked', answer);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    expect(200, await api('GET', '/me', { token: root.accessToken, from: '203.0.113.2' }));
  }
  assert.equal((await list())[0].id, made.id);
  expect(204, await lift(made.id));
  expect(200, await keysFrom(stack.api, from));
  await untilAll(from, false);
  expectProblem(404, 'not-found', await lift(made.id));
  assert.ok(!(await list()).some(({ id }: { id: string }) => id === made.id));
});

test('a blocked address gets 404 and 405 where anybody does, /healthz, and nothing else of any way in', async () => {
  const from = '203.0.113.3';
  const { id } = await block(from);
  for (const way of waysIn) {
    const path = way.path.replace(/:\w+/g, () => randomUUID());
    const method = way.method === 'any' ? 'POST' : way.method.toUpperCase();
    const nonsense = method === 'GET' ? {} : { raw: 'nonsense', type: 'text/plain' };
    const answer = await stack.api(method, path, { from, token: root.accessToken, ...nonsense });
    if (path === '/healthz') expect(200, answer);
    else expectProblem(403, 'address-blocked', answer);
  }
  expectProblem(403, 'address-blocked', await stack.api('GET', '/verify/below', { from, token: root.accessToken }));
  expectProblem(404, 'not-found', await stack.api('GET', '/nowhere', { from }));
  expectProblem(405, 'method-not-allowed', await stack.api('DELETE', '/login', { from }));
  expect(204, await lift(id));
});

test('a block holds every form of its addresses and no others, whatever X-Forwarded-For says besides', async () => {
  const v4 = await block('::ffff:198.51.100.77/122');
  const v6 = await block('2001:db8:7:8000::/49');
  assert.deepEqual([v4.cidr, v6.cidr], ['198.51.100.64/26', '2001:db8:7:8000::/49']);
  const inside = [
    '198.51.100.64',
    '::ffff:198.51.100.127',
    '::FFFF:c633:6440',
    '2001:db8:7:ffff::1',
    '2001:DB8:0007:8000:0::',
  ];
  const listed = ['192.0.2.1, 198.51.100.64', 'garbage, 2001:db8:7:8000::1'];
  for (const from of [...inside, ...listed]) expectProblem(403, 'address-blocked', await keysFrom(stack.api, from));
  const outside = ['198.51.100.63', '198.51.100.128', '2001:db8:7:7fff::1', '2001:db8:8::', '198.51.100.64, 192.0.2.1'];
  for (const from of outside) expect(200, await keysFrom(stack.api, from));
  for (const { id } of [v4, v6]) expect(204, await lift(id));
});

test('a crowd of addresses that limits blocked hides no block of an admin', async () => {
  const made = await block('203.0.113.5');
  await stack.sql(
    `insert into gateway.ip_block (id, network, reason, expires_at)
     select gen_random_uuid(), ('2001:db8:' || to_hex(n) || '::/64')::cidr, 'limit', now() + interval '1 hour'
     from generate_series(1, 1100) as n`,
  );
  const listed = await list();
  assert.equal(listed.length, 1_000);
  assert.ok(listed.some(({ id }: { id: string }) => id === made.id));
  expect(204, await lift(made.id));
  await stack.sql("delete from gateway.ip_block where reason = 'limit'");
});

test('a block ends by itself, and is neither listed nor lifted then', async () => {
  const from = '203.0.113.4';
  const made = await block(from, { expires_in: 2 });
  assert.ok(Date.parse(made.expires_at) - Date.parse(made.created_at) === 2_000);
  await untilAll(from, false);
  await until('it is over', async () => !(await list()).some(({ id }: { id: string }) => id === made.id));
  expectProblem(404, 'not-found', await lift(made.id));
});

test('nobody shuts himself, the proxies or half the world out by mistake', async () => {
  const own = '203.0.113.5';
  for (const cidr of [
    '203.0.113.5',
    '203.0.113.0/24',
    '203.0.0.0/8',
    '::ffff:203.0.113.5',
    '127.0.0.0/8',
    '127.0.0.1',
  ]) {
    expectProblem(422, 'invalid-request', await post({ cidr, reason }, own));
  }
  expectProblem(422, 'invalid-request', await post({ cidr: '2001:db8:5::/48', reason }, '2001:db8:5:6::7'));
  for (const cidr of ['0.0.0.0/0', '10.0.0.0/7', '::/0', '2001::/15', '::ffff:0:0/95', '::ffff:10.0.0.0/103']) {
    expectProblem(422, 'invalid-request', await post({ cidr, reason }));
  }
  const malformed = ['', 'x', '1.2.3', '1.2.3.4/33', '010.1.1.1', '1.2.3.4 ', 'fe80::1%eth0', '1.2.3.4/', 7, null];
  for (const cidr of malformed) {
    const answer = expectProblem(422, 'invalid-request', await post({ cidr, reason }));
    assert.equal(answer.body.errors[0].path, 'cidr');
  }
  for (const more of [{ reason: ' ' }, { expires_in: 0 }, { expires_in: 1.5 }, { expires_in: 31_536_001 }]) {
    expectProblem(422, 'invalid-request', await post({ cidr: '192.0.2.9', reason, ...more }));
  }
  for (const id of ['x', randomUUID(), root.id]) expectProblem(404, 'not-found', await lift(id));
  assert.deepEqual(await list(), []);
});

test('blocking and lifting leave one event each, by the admin, with the network where it can be erased (promise 4)', async () => {
  const { id } = await block('192.0.2.64/26');
  expect(204, await lift(id));
  await readLog(stack);
  const events = await eventsOf(id);
  const told = events.map(({ type, subject, data }) => [type, subject, data.actor, data.reason, data.personal.ip]);
  const by = { type: 'account', id: root.id };
  assert.deepEqual(told, [
    ['sallyport.ip.blocked', undefined, by, reason, '192.0.2.64/26'],
    ['sallyport.ip.unblocked', undefined, by, null, '192.0.2.64/26'],
  ]);
});

test('every call is for an admin with both factors and a fresh session', async () => {
  const ada = await signUp(stack.api);
  const calls: [string, string, object?][] = [
    ['GET', '/admin/ip_blocks'],
    ['POST', '/admin/ip_blocks', { cidr: '192.0.2.1', reason }],
    ['DELETE', `/admin/ip_blocks/${randomUUID()}`],
  ];
  for (const [method, path, body] of calls) {
    const given = body ? { body } : {};
    expectProblem(401, 'unauthenticated', await stack.api(method, path, given));
    expectProblem(403, 'forbidden', await stack.api(method, path, { token: ada.accessToken, ...given }));
  }
  stack.clock.advance(301_000);
  for (const [method, path, body] of calls) {
    const given = { token: root.accessToken, ...(body ? { body } : {}) };
    expectProblem(403, 'reauthentication-required', await stack.api(method, path, given));
  }
  await logIn(stack, root);
});

test('while PostgreSQL is away the blocks known last stand: no request asks for them', async () => {
  const from = '203.0.113.6';
  const { id } = await block(from);
  const url = new URL(stack.databaseUrl);
  await using way = await startProxy(url.hostname, Number(url.port || 5432));
  url.port = String(way.port);
  url.hostname = '127.0.0.1';
  await using gateway = await startMoreGateway(stack, { DATABASE_URL: url.href });
  expectProblem(403, 'address-blocked', await keysFrom(gateway.api, from));
  await way.refuse();
  way.cut();
  expectProblem(503, 'unavailable', await gateway.api('GET', '/me', { token: root.accessToken, from: unblocked }));
  expectProblem(403, 'address-blocked', await gateway.api('GET', '/me', { token: root.accessToken, from }));
  expectProblem(403, 'address-blocked', await keysFrom(gateway.api, from));
  expect(200, await keysFrom(gateway.api, unblocked));
  expect(204, await lift(id));
  expectProblem(403, 'address-blocked', await keysFrom(gateway.api, from));
  await way.accept();
  await until('the lifted block is known', async () => !isRefused(await keysFrom(gateway.api, from)));
});

test('an address at its limit is told once by all gateways, listed, and free again when an admin lifts it', async () => {
  await using limited = await startStack({
    gateways,
    env: { ...env, ADDRESS_FAILURES: '5', PASSWORD_TRIES_PER_ADDRESS: '0' },
  });
  const admin = await enrolRoot(limited);
  const ada = await signUp(limited.api);
  const attempt = (from: string, at: number, password = 'not the password') =>
    inTurn(limited.apis, at)('POST', '/login', { from, body: { username: ada.username, password } });
  for (const [from, cidr] of [
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:db8:0:1:2::3', '2001:db8:0:1::/64'],
  ] as const) {
    await Promise.all(Array.from({ length: 12 }, (_, at) => attempt(from, at)));
    for (let at = 0; at < 4; at += 1) {
      const answer = await attempt(from, at, ada.password);
      expectProblem(429, 'too-many-attempts', answer);
    }
    const rows = (await list(limited, admin)).filter((row: { cidr: string }) => row.cidr === cidr);
    assert.equal(rows.length, 1, cidr);
    const [{ id, reason, created_by, expires_at, created_at }] = rows;
    assert.deepEqual([reason, created_by], ['too-many-failures', null]);
    assert.equal(Date.parse(expires_at) - Date.parse(created_at), 600_000);
    // Any block of an admin's has this gateway read all of them.
    const another = { token: admin.accessToken, from: unblocked, body: { cidr: '192.0.2.200', reason: 'another' } };
    expect(201, await limited.api('POST', '/admin/ip_blocks', another));
    expect(200, await keysFrom(limited.api, from));
    const refresh = { from, body: { refresh_token: ada.refreshToken } };
    Object.assign(ada, tokensOf(expect(200, await limited.api('POST', '/token/refresh', refresh))));

    const token = admin.accessToken;
    expect(204, await limited.api('DELETE', `/admin/ip_blocks/${id}`, { token }));
    for (let at = 0; at < gateways; at += 1) expect(200, await attempt(from, at, ada.password));
    await readLog(limited);
    const events = await eventsOf(id, limited);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data.outcome, data.reason, data.actor?.id, data.personal.ip]),
      [
        ['sallyport.ip.blocked', 'success', 'too-many-failures', undefined, cidr],
        ['sallyport.ip.unblocked', 'success', null, admin.id, cidr],
      ],
    );
  }
});
