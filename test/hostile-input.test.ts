// What is meant to stall, to pollute or to flood: large, deep and wide input, control characters, a stream of invented names.
// Runs on one back end: what it is about is decided before any store is asked.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { openRedis } from '@sallyport/redis';
import { routes } from '../gateway/routes/index.ts';
import { createCounter, createLimits } from '../gateway/store/limits.ts';
import { parseStrictJson } from '../packages/http/strict-json.ts';
import { endSoundly } from './support/assert-sound.ts';
import { fewAtOnce } from './support/at-once.ts';
import { enrol, expect, expectProblem, type Person, signUp, signUpWithFactor, tokensOf } from './support/people.ts';
import { sendRaw } from './support/raw-http.ts';
import { forgetKeys } from './support/redis.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

let stack: Stack;
let ada: Person;
const root = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
before(async () => {
  const admin = { ADMIN_USERNAME: root.username, ADMIN_PASSWORD: root.password };
  stack = await startStack({ env: { ...admin, PASSWORD_TRIES_PER_ADDRESS: '0', PASSWORD_SLOW_AFTER: '0' } });
  ada = await signUp(stack.api);
});
after(() => endSoundly(stack));

const names = process.env.SALLYPORT_CHAOS === '1' ? 100_000 : 2_000;
const gatewayUrl = () => stack.parts.gateways[0]?.url ?? '';
const login = (raw: string) => stack.api('POST', '/login', { raw });

test('reads 16 KiB of the worst JSON in a moment, and 10^5 keys or 10^4 levels not at all', async () => {
  const wide = `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":0`).join(',')}}`;
  const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  expectProblem(413, 'body-too-large', await login(wide));
  expectProblem(413, 'body-too-large', await login(deep));
  const fill = (unit: string) => unit.repeat(Math.floor(16_000 / unit.length));
  const worst = [
    `{"a":${'['.repeat(7_900)}${']'.repeat(7_900)}}`,
    `{${Array.from({ length: 1_900 }, (_, at) => `"${at}":0`).join(',')}}`,
    `{"a":"${fill('\\\\')}"}`,
    `{"a":"${fill('\\"')}"}`,
    `{"a":[${fill('{},')}0]}`,
    `{"a":"${fill('a')}`,
    `{"username":"${fill('\\u0130')}","password":"x"}`,
  ];
  for (const text of worst) {
    assert.ok(text.length <= 16 * 1024);
    const times = Array.from({ length: 5 }, () => {
      const from = performance.now();
      parseStrictJson(text, 8);
      return performance.now() - from;
    });
    assert.ok(Math.min(...times) < 500, `${text.slice(0, 20)} took ${Math.min(...times)} ms`);
    assert.match(String((await login(text)).status), /^(400|422)$/);
  }
});

test('keeps the event loop free under wide queries, bodies and headers', async () => {
  const query = Array.from({ length: 5_000 }, () => 'a[]=1').join('&');
  const nested = `a${'[b]'.repeat(2_000)}=1`;
  const pairs = Array.from({ length: 1_200 }, (_, at) => `"k${at}":${at}`).join(',');
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  for (let round = 0; round < 20; round += 1) {
    for (const text of [query, nested, '__proto__[x]=1&constructor[prototype][x]=1']) {
      const answer = await fetch(`${gatewayUrl()}/healthz?${text}`);
      assert.match(String(answer.status), /^(200|431)$/);
      await answer.arrayBuffer();
    }
    expectProblem(422, 'invalid-request', await login(`{${pairs}}`));
  }
  delay.disable();
  assert.ok(delay.percentile(50) < 20e6, `half of all turns took ${delay.percentile(50) / 1e6} ms or more`);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('upgrades nothing, and looks at no host, method or path that a header names', async () => {
  const close = 'Connection: close\r\n\r\n';
  const upgrade = `GET /me HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AA==\r\n\r\n`;
  const h2c = `GET /flags HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`;
  assert.deepEqual((await sendRaw(gatewayUrl(), upgrade)).statuses, [401]);
  assert.deepEqual((await sendRaw(gatewayUrl(), h2c)).statuses, [404]);
  const bearer = `Authorization: Bearer ${ada.accessToken}\r\n`;
  for (const host of ['127.0.0.1:1', 'evil.example', 'users', '[::1]']) {
    const answer = await sendRaw(gatewayUrl(), `GET /me HTTP/1.1\r\nHost: ${host}\r\n${bearer}${close}`);
    assert.deepEqual(answer.statuses, [200], host);
    assert.ok(!answer.text.includes('evil.example'));
  }
  const hop = `GET /verify HTTP/1.1\r\nHost: x\r\n${bearer}X-Auth-User-Id: root\r\nConnection: close, X-Auth-User-Id, Authorization\r\n\r\n`;
  const { text } = await sendRaw(gatewayUrl(), hop);
  assert.match(text, new RegExp(`x-auth-user-id: ${ada.id}`, 'i'));
  for (const name of ['X-Forwarded-Uri', 'X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Method', 'X-HTTP-Method']) {
    const answer = await sendRaw(
      gatewayUrl(),
      `GET /healthz HTTP/1.1\r\nHost: x\r\n${name}: /audit/events\r\n${close}`,
    );
    assert.deepEqual(answer.statuses, [200], name);
  }
  for (const line of ['POST /login HTTP/1.1\nHost: x\n\n', 'GET /me HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n']) {
    const { statuses } = await sendRaw(gatewayUrl(), line);
    for (const status of statuses) assert.match(String(status), /^4\d\d$/);
  }
});

test('leaves no key without an end for names that nobody has', { skip: sharedRedisMissing }, async () => {
  const prefix = `test:${randomBytes(6).toString('hex')}:`;
  const url = process.env.TEST_REDIS_URL ?? '';
  const redis = openRedis({ url, prefix });
  try {
    const config = {
      PASSWORD_TRIES_PER_ADDRESS: 10,
      PASSWORD_SLOW_AFTER: 100,
      ADDRESS_FAILURES: 100,
      SIGNUPS_PER_ADDRESS: 20,
    };
    const { passwords, strangers } = createLimits(redis, config);
    await until('Redis is there', () => redis.status === 'ready');
    await fewAtOnce(names, async (at) => {
      const name = `${at}-${randomBytes(5).toString('hex')}@example.com`;
      await strangers.admit(name, '192.0.2.1', '192.0.2.1');
      const { guess } = await passwords.reserve(`${name} 192.0.2.1`);
      await guess.keep();
      guess.leave();
    });
    const keys = await allKeys(url, prefix);
    assert.ok(keys.length >= names && keys.length <= 4 * names, `${keys.length} keys`);
    for (const { key, seconds } of keys) assert.ok(seconds > 0 && seconds <= 600, `${key} has ${seconds} s`);
  } finally {
    redis.disconnect();
    await forgetKeys(url, prefix);
  }
});

test('gives the memory of names back when their window ends, where there is no Redis', async () => {
  const counter = createCounter(undefined, 'names', 10, 1);
  for (let at = 0; at < names; at += 1) await counter.penalty(`${at}@example.com`);
  const { _storage: kept } = (counter as unknown as { _memoryStorage: { _storage: Map<string, unknown> } })
    ._memoryStorage;
  assert.ok(kept.size > 0);
  await until('every name is forgotten', () => kept.size === 0);
});

test('writes nothing down about a name that nobody has', async () => {
  const rows = () =>
    stack.sql<{ count: number }>(`select
    (select count(*) from users.account) + (select count(*) from otp.lane) + (select count(*) from gateway.subject) as count`);
  const before = await rows();
  await fewAtOnce(50, async (at) => {
    const body = { username: `nobody-${at}@example.com`, password: 'not the password' };
    expectProblem(401, 'invalid-credentials', await stack.api('POST', '/login', { body }));
  });
  assert.deepEqual(await rows(), before);
  if (!sharedRedisMissing) {
    for (const { key, seconds } of await allKeys(process.env.TEST_REDIS_URL ?? '', stack.redisPrefix)) {
      assert.ok(seconds > 0, `${key} has no end`);
    }
  }
});

async function allKeys(url: string, prefix: string): Promise<{ key: string; seconds: number }[]> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url);
  try {
    const keys = new Set<string>();
    for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      for (const key of page as string[]) keys.add(key);
    }
    const all = [...keys];
    const ends = redis.pipeline();
    for (const key of all) ends.ttl(key);
    const answers = (await ends.exec()) ?? [];
    return all.map((key, at) => ({ key, seconds: Number(answers[at]?.[1]) })).filter(({ seconds }) => seconds !== -2);
  } finally {
    redis.disconnect();
  }
}

/** What all fields of bodies hold when nothing is wrong with them but the password, or the token. */
const harmless: Record<string, unknown> = {
  username: 'somebody-else@example.com',
  password: 'not the password',
  current_password: 'not the password',
  new_password: 'another long pass phrase',
  otp: '000000',
  challenge: 'no challenge',
  refresh_token: 'no token',
  device_token: 'no token',
  roles: ['audit'],
  reason: 'laptop stolen',
  cidr: '203.0.113.0/24',
  expires_in: 60,
};
/** A password may hold any character, so here alone NUL changes something. */
const chosen = new Set(['POST /signup password', 'PUT /me/password new_password']);

const state = () =>
  stack.sql(`select
    (select json_agg(to_jsonb(a) order by id) from users.account a) as accounts,
    (select json_agg(to_jsonb(f) order by user_id) from otp.factor f) as factors,
    (select json_agg(id) from (select id from gateway.session where ended_at is null order by id) s) as sessions,
    (select count(*) from gateway.device) + (select count(*) from gateway.ip_block) + (select count(*) from gateway.otp_reset)
      as others`);

test('lone surrogates and NUL in any field of any call are refused, and change nothing', async () => {
  const login = expect(200, await stack.api('POST', '/login', { body: root }));
  const admin = await enrol(stack, { ...root, id: login.body.user.id, ...tokensOf(login), recoveryCodes: [] });
  const owner = await signUpWithFactor(stack);
  const before = await state();
  let sent = 0;
  for (const { method, path, access, body } of routes) {
    if (!(body && 'shape' in body)) continue;
    const at = path.replace(/:\w+/g, ada.id);
    const { accessToken } = path.startsWith('/admin') ? admin : owner;
    const token = access === 'bearer' ? { token: accessToken } : {};
    const call = (raw: object) => stack.api(method.toUpperCase(), at, { ...token, raw: JSON.stringify(raw) });
    const fields = Object.keys(body.shape as object).filter((field) => field !== 'expires_in');
    const base = Object.fromEntries(fields.filter((field) => field in harmless).map((each) => [each, harmless[each]]));
    for (const field of [...fields, 'unknown_field']) {
      const shape = (text: string) => (field === 'roles' ? [text] : text);
      for (const text of ['\ud800', 'a\udfffb', '\udc00\ud800']) {
        expectProblem(422, 'invalid-request', await call({ ...base, [field]: shape(text) }));
        sent += 1;
      }
      if (chosen.has(`${method.toUpperCase()} ${path} ${field}`) || field === 'unknown_field') continue;
      for (const text of ['\0', 'bob\0@example.com', '000000\0']) {
        const { status } = await call({ ...base, [field]: shape(text) });
        assert.match(String(status), /^4(01|22)$/, `${method} ${path} ${field}`);
        sent += 1;
      }
    }
  }
  for (const path of ['/admin/users?username=bob%00', '/audit/events?after=%00', '/audit/events?limit=%ED%A0%80']) {
    expectProblem(422, 'invalid-request', await stack.api('GET', path, { token: admin.accessToken }));
  }
  for (const id of ['%00', `${ada.id}%00`, '%ED%A0%80']) {
    for (const way of [`DELETE /sessions/${id}`, `DELETE /devices/${id}`, `GET /admin/users/${id}`]) {
      const [method = '', path = ''] = way.split(' ');
      assert.match(String((await stack.api(method, path, { token: admin.accessToken })).status), /^40[04]$/, way);
    }
  }
  expectProblem(
    400,
    'malformed-json',
    await stack.api('POST', '/login', { raw: '{"username":"a\0b","password":"x"}' }),
  );
  assert.deepEqual(await state(), before);
  assert.ok(sent > 150, `${sent} were sent`);
});
