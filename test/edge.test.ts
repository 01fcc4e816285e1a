// What strangers may send: bodies, paths and headers of every kind meet the promised answer, or none at all.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { signServiceToken } from '@sallyport/http';
import type { Answered } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { startFakeOtp } from './support/fake-otp.ts';
import { expect, expectProblem, type Person, signUp, signUpWithFactor } from './support/people.ts';
import { sendRaw } from './support/raw-http.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

let stack: Stack;
let ada: Person;
before(async () => {
  stack = await startStack({ env: { PASSWORD_TRIES_PER_ADDRESS: '0' } });
  ada = await signUp(stack.api);
});
after(() => endSoundly(stack));

const gatewayUrl = () => stack.parts.gateways[0]?.url ?? '';
const login = (raw: string | Buffer, type = 'application/json', headers: Record<string, string> = {}) =>
  stack.api('POST', '/login', { raw, type, headers });
const credentials = () => JSON.stringify({ username: ada.username, password: ada.password });

test('takes JSON alone: every other type is 415', async () => {
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; x=application/json',
    'application/json; charset=utf-16',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain; application/json',
  ];
  for (const type of types) {
    expectProblem(415, 'unsupported-media-type', await login(credentials(), type));
  }
  const packed = await login(credentials(), 'application/json', { 'content-encoding': 'gzip' });
  expectProblem(415, 'unsupported-media-type', packed);
  for (const type of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"']) {
    expect(200, await login(credentials(), type));
  }
});

test('refuses what is no unambiguous JSON object with 400, and more than 16 KiB with 413', async () => {
  const { username, password } = ada;
  const deep = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  const malformed: (string | Buffer)[] = [
    'null',
    '[]',
    '"text"',
    '1',
    '{',
    `${credentials()}x`,
    `{"username":"${username}","username":"${username}","password":"${password}"}`,
    `{"password":"x","username":"${username}","pass\\u0077ord":"${password}"}`,
    `{"a":{"b":1,"b":2},${credentials().slice(1)}`,
    deep(9),
    deep(7_000),
    `\ufeff{"a":1,,}`,
    Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xff, 0xfe]), Buffer.from('","password":"x"}')]),
    Buffer.from(`{"username":"\xed\xa0\x80","password":"x"}`, 'latin1'),
    "{'username':'x'}",
    '{"username":"x\u0000y"}',
  ];
  for (const body of malformed) expectProblem(400, 'malformed-json', await login(body));
  expectProblem(422, 'invalid-request', await login(deep(8)));
  const large = `{"username":"${'a'.repeat(16 * 1024)}","password":"x"}`;
  expectProblem(413, 'body-too-large', await login(large));
  const many = `{${Array.from({ length: 1_200 }, (_, at) => `"k${at}":${at}`).join(',')},${credentials().slice(1)}`;
  const started = performance.now();
  expect(200, await login(many));
  assert.ok(performance.now() - started < 5_000);
});

test('ignores unknown fields and pollutes nothing', async () => {
  const more =
    '"roles":["admin"],"otp_enabled":true,"id":"x","__proto__":{"admin":true},"constructor":{"prototype":{}}';
  const answer = expect(200, await login(`{${more},${credentials().slice(1)}`));
  assert.deepEqual(answer.body.user.roles, []);
  assert.equal(answer.body.user.otp_enabled, false);
  assert.equal(({} as Record<string, unknown>).admin, undefined);
  const body = `{${more},"username":"new-${Date.now()}@example.com","password":"a long pass phrase"}`;
  const signup = expect(201, await stack.api('POST', '/signup', { raw: body }));
  assert.deepEqual(signup.body.user.roles, []);
});

test('refuses text that is not well-formed Unicode with 422, and names and passwords past their bounds', async () => {
  const bodies = [
    '{"username":"\\ud800bob","password":"a long pass phrase"}',
    `{"username":"${ada.username}","password":"\\udfff\\ud800"}`,
    '{"username":"ab","password":"a long pass phrase"}',
    '{"username":"a\\u200bbc","password":"a long pass phrase"}',
    '{"username":"a\\u202ebc","password":"a long pass phrase"}',
    '{"username":"a\\u0000bc","password":"a long pass phrase"}',
    '{"username":"a bc","password":"a long pass phrase"}',
    `{"username":"${'a'.repeat(255)}","password":"a long pass phrase"}`,
    '{"username":["bob"],"password":"a long pass phrase"}',
    '{"username":{"$gt":""},"password":"a long pass phrase"}',
    '{"password":"a long pass phrase"}',
    '{}',
    '',
  ];
  for (const raw of bodies) {
    const answer = expectProblem(422, 'invalid-request', await stack.api('POST', '/signup', { raw }));
    assert.ok(answer.body.errors.length > 0);
    assert.ok(!answer.text.includes('pass phrase'));
    expectProblem(422, 'invalid-request', await login(raw));
  }
  const long = { username: 'somebody@example.com', password: 'x'.repeat(257) };
  expectProblem(422, 'invalid-request', await stack.api('POST', '/signup', { body: long }));
  for (const password of ['short', 'password1', 'QWERTYUIOP', ada.username]) {
    const answer = await stack.api('POST', '/signup', { body: { username: ada.username, password } });
    assert.ok(['weak-password', 'username-taken'].includes(answer.body.code), password);
  }
});

test('answers unknown paths with 404 and unknown methods with 405 and Allow, whatever their spelling', async () => {
  for (const path of [
    '/',
    '/Login',
    '/login/',
    '/me/',
    '/ME',
    '/verifyx',
    '/users',
    '/factors',
    '/events',
    '/metrics',
  ]) {
    expectProblem(404, 'not-found', await stack.api('GET', path));
  }
  for (const path of [
    '/readyz',
    '/livez',
    '/accounts',
    '/codes/verify',
    '/.env',
    '/%ff',
    '/%00',
    '/me%2f',
    '/m%65/x',
  ]) {
    expectProblem(404, 'not-found', await stack.api('GET', path));
  }
  for (const method of ['GET', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = expectProblem(405, 'method-not-allowed', await stack.api(method, '/login'));
    assert.equal(answer.headers.get('allow'), 'POST');
  }
  const override = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
  expect(200, await stack.api('GET', '/me', { token: ada.accessToken, headers: override }));
});

test('lets no form of a request line reach an internal route, and closes on what is ambiguous', async () => {
  const end = 'Host: x\r\nConnection: close\r\n\r\n';
  const lines = [
    'GET /%2e%2e/factors HTTP/1.1',
    'GET /../accounts HTTP/1.1',
    'GET //host/me HTTP/1.1',
    'GET //me HTTP/1.1',
    'GET /me/../events HTTP/1.1',
    'GET /qr_code/../flags HTTP/1.1',
    'GET /qr_code%2f..%2fflags HTTP/1.1',
    'GET http://127.0.0.1:1/flags HTTP/1.1',
    'GET http://127.0.0.1:1/accounts/x HTTP/1.1',
    'TRACE /me HTTP/1.1',
    'TRACE /flags HTTP/1.1',
    'CONNECT 127.0.0.1:80 HTTP/1.1',
    'GET * HTTP/1.1',
    'GET /me HTTP/9.9',
    'GET /a\rb HTTP/1.1',
  ];
  for (const line of lines) {
    const { statuses, text } = await sendRaw(gatewayUrl(), `${line}\r\n${end}`);
    assert.ok(statuses.length <= 1, line);
    for (const status of statuses)
      assert.match(String(status), /^(400|404|405|505)$/, `${line}: ${text.slice(0, 300)}`);
    assert.ok(!/flags|"account"/.test(text));
  }
  const body = credentials();
  const ambiguous = [
    `POST /login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n${end}${body}`,
    `POST /login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\nContent-Length: ${body.length}\r\n${end}${body}`,
    `POST /login HTTP/1.1\r\nTransfer-Encoding : chunked\r\n${end}0\r\n\r\n`,
    `POST /login HTTP/1.1\r\nX: a\rb\r\n${end}`,
    `POST /login HTTP/1.1\r\n X: folded\r\n${end}`,
  ];
  for (const request of ambiguous) {
    const { statuses } = await sendRaw(gatewayUrl(), request);
    assert.deepEqual(statuses, [400], request.slice(0, 120));
  }
});

test('passes nothing on but the caller that a token proves, whatever headers claim (CVE-2025-64484)', async () => {
  const bob = await signUpWithFactor(stack, 'bob');
  const claims = {
    'x-user-id': bob.id,
    x_user_id: bob.id,
    'x-auth-user-id': bob.id,
    'x-auth-roles': 'admin',
    'x-auth-amr': 'pwd,otp,mfa',
    'x-forwarded-uri': '/audit/events',
    'x-original-url': '/audit/events',
    'x-rewrite-url': '/audit/events',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.example',
    'x-service-token': 'x',
  };
  const headers = claims;
  expectProblem(401, 'unauthenticated', await stack.api('GET', '/me', { headers }));
  const me = expect(200, await stack.api('GET', '/me', { token: ada.accessToken, headers }));
  assert.equal(me.body.id, ada.id);
  const verified = expect(200, await stack.api('GET', '/verify', { token: ada.accessToken, headers }));
  assert.equal(verified.headers.get('x-auth-user-id'), ada.id);
  assert.equal(verified.headers.get('x-auth-roles'), '');
  assert.equal(verified.headers.get('x-auth-amr'), 'pwd');
  expectProblem(404, 'no-pending-enrolment', await stack.api('GET', '/qr_code', { token: ada.accessToken, headers }));
  await using fake = await startFakeOtp(stack);
  let passed: string[] = [];
  fake.lie('/', (_asked, res, req) => {
    passed = Object.keys(req.headers);
    res.writeHead(404, { 'content-type': 'application/problem+json' }).end();
  });
  await fetch(`${fake.url}/qr_code`, { headers: { ...headers, authorization: `Bearer ${ada.accessToken}` } });
  assert.deepEqual(passed.sort(), ['accept', 'authorization', 'connection', 'host', 'x-request-id']);
  const again = expect(200, await login(credentials(), 'application/json', headers));
  const issued = JSON.parse(Buffer.from(again.body.access_token.split('.')[1], 'base64url').toString());
  assert.equal(issued.iss, 'https://login.example.com');
  const raw = `GET /openapi.json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
  const document = await sendRaw(gatewayUrl(), raw);
  assert.ok(document.text.includes('https://login.example.com') && !document.text.includes('evil.example'));
});

test('passes no answer on but the picture that was asked for, or that there is none', async () => {
  await using fake = await startFakeOtp(stack);
  const none = JSON.stringify({ type: 'urn:sallyport:problem:no-pending-enrolment', detail: 'a lie' });
  const answers: [number, number, string, string][] = [
    [200, 200, 'image/png', 'a lie'],
    [404, 404, 'application/problem+json', none],
    [503, 200, 'image/svg+xml', '<svg>a lie</svg>'],
    [503, 200, 'text/html', 'a lie'],
    [503, 200, 'image/png; x=<script>', 'a lie'],
    [503, 404, 'application/problem+json', none.replace('no-pending-enrolment', 'not-found')],
    [503, 301, 'image/png', 'a lie'],
    [503, 500, 'application/problem+json', none],
  ];
  for (const [expected, status, type, body] of answers) {
    fake.lie('/qr_code', (_asked, res) =>
      res.writeHead(status, { 'content-type': type, location: 'https://evil.example', 'set-cookie': 'a=b' }).end(body),
    );
    const { headers, text } = expect(expected, await fake.api('GET', '/qr_code', { token: ada.accessToken }));
    assert.deepEqual([headers.get('location'), headers.get('set-cookie')], [null, null]);
    assert.equal(text.includes('a lie'), expected === 200);
  }
});

test('whoever asks for very many pictures at once hears that it is too many, and holds nobody up', async () => {
  await using fake = await startFakeOtp(stack);
  const held: (() => void)[] = [];
  fake.lie('/qr_code', (_asked, res) => held.push(() => res.writeHead(200, { 'content-type': 'image/png' }).end()));
  const ask = async () => (await fake.api('GET', '/qr_code', { token: ada.accessToken })).status;
  const first = Array.from({ length: 32 }, ask);
  await until('all are asked for', () => held.length === 32);
  expectProblem(503, 'overloaded', await fake.api('GET', '/qr_code', { token: ada.accessToken }));
  for (const answer of held) answer();
  assert.deepEqual(new Set(await Promise.all(first)), new Set([200]));
  fake.lie('/qr_code', (_asked, res) => res.writeHead(200, { 'content-type': 'image/png' }).end());
  assert.equal(await ask(), 200);
});

test('does nothing inside for anybody without the very token of the gateway for this service', async () => {
  const context = { request_id: 'x', ip: null, user_agent: null, session_id: null };
  const [users, otp] = [stack.parts.users, stack.parts.otps[0]];
  const secret = { users: stack.env.USERS_SERVICE_SECRETS ?? '', otp: stack.env.OTP_SERVICE_SECRETS ?? '' };
  const make = (audience: string, key: string, at = stack.clock.now()) =>
    signServiceToken(audience, [key], () => at, { context });
  const bad = (name: 'users' | 'otp', other: 'users' | 'otp') => [
    undefined,
    `Bearer ${ada.accessToken}`,
    `Bearer ${ada.refreshToken}`,
    `Bearer ${make(other, secret[other])}`,
    `Bearer ${make(name, secret[other])}`,
    `Bearer ${make(other, secret[name])}`,
    `Bearer ${make(name, secret[name], stack.clock.now() - 91_000)}`,
    `Bearer ${make(name, secret[name]).split('.').slice(0, 2).join('.')}.`,
    `Basic ${make(name, secret[name])}`,
    'Bearer ',
  ];
  const victim = await signUpWithFactor(stack, 'victim');
  const calls = [
    { part: users, name: 'users', other: 'otp', method: 'PUT', path: `/accounts/${victim.id}/otp_flag` },
    { part: users, name: 'users', other: 'otp', method: 'GET', path: '/flags' },
    { part: users, name: 'users', other: 'otp', method: 'GET', path: '/events' },
    { part: otp, name: 'otp', other: 'users', method: 'POST', path: '/codes/verify' },
    { part: otp, name: 'otp', other: 'users', method: 'GET', path: '/flags' },
    { part: otp, name: 'otp', other: 'users', method: 'GET', path: `/factors/${victim.id}` },
  ] as const;
  for (const { part, name, other, method, path } of calls) {
    for (const authorization of bad(name, other)) {
      const body = JSON.stringify({ otp_enabled: false, factor_version: 99 });
      const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) };
      const init = { method, headers, ...(method === 'GET' ? {} : { body }) };
      const answer = await fetch(`${part?.url}${path}`, init);
      assert.equal(answer.status, 401, `${path} with ${authorization?.slice(0, 20)}`);
      const problem = (await answer.json()) as { code: string; detail: string };
      assert.equal(problem.code, 'unauthenticated');
      assert.doesNotMatch(JSON.stringify(problem), /\bat \/|node_modules|Error:/);
    }
    const right = await fetch(`${part?.url}${path.replace(victim.id, 'x')}`, {
      method,
      headers: { authorization: `Bearer ${make(name, secret[name])}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: '{"a":' }),
    });
    assert.doesNotMatch(await right.text(), /\bat \/|node_modules|Error:/);
  }
});

test('keeps a request id that is one, replaces any other, and marks personal answers', async () => {
  const kept = await stack.api('GET', '/healthz', { headers: { 'x-request-id': 'abc.DEF-1_2' } });
  assert.equal(kept.headers.get('x-request-id'), 'abc.DEF-1_2');
  for (const id of ['a b', 'x'.repeat(65), '<script>', 'é', '']) {
    const answer = await stack.api('GET', '/nowhere', { headers: { 'x-request-id': id } });
    assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(answer.body.request_id, answer.headers.get('x-request-id'));
  }
  const token = ada.accessToken;
  const personal = [
    await stack.api('GET', '/me', { token }),
    await stack.api('GET', '/auth/otp', { token }),
    await stack.api('GET', '/sessions', { token }),
    await stack.api('GET', '/verify', { token }),
    await login(credentials()),
    await stack.api('POST', '/login', { body: { username: ada.username, password: 'not the password' } }),
    await stack.api('GET', '/me'),
  ];
  for (const answer of personal) assert.equal(answer.headers.get('cache-control'), 'no-store', answer.text);
});

test('sends strict headers, no banner and no CORS', async () => {
  const origin = { origin: 'https://evil.example' };
  for (const answer of [await stack.api('GET', '/healthz', { headers: origin }), await stack.api('GET', '/nowhere')]) {
    const { headers } = answer;
    assert.match(headers.get('strict-transport-security') ?? '', /max-age=\d{7,}/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'etag']) {
      assert.equal(headers.get(name), null, name);
    }
  }
});

test('keeps the order of refusals that the contract promises', async () => {
  const token = ada.accessToken;
  const text = { raw: '{', type: 'text/plain' };
  expectProblem(404, 'not-found', await stack.api('POST', '/nowhere', text));
  expectProblem(405, 'method-not-allowed', await stack.api('POST', '/me', text));
  expectProblem(415, 'unsupported-media-type', await stack.api('PUT', '/auth/otp/enable', text));
  const large = { raw: `{${' '.repeat(17_000)}` };
  expectProblem(413, 'body-too-large', await stack.api('PUT', '/auth/otp/enable', large));
  expectProblem(400, 'malformed-json', await stack.api('PUT', '/auth/otp/enable', { raw: '{' }));
  expectProblem(401, 'unauthenticated', await stack.api('PUT', '/auth/otp/enable', { body: { otp: 1 } }));
  expectProblem(403, 'forbidden', await stack.api('GET', '/audit/events?limit=x', { token }));
  expectProblem(422, 'invalid-request', await stack.api('PUT', '/auth/otp/enable', { token, body: { otp: 1 } }));
  const pending = await stack.api('PUT', '/auth/otp/enable', { token, body: { otp: '123456' } });
  expectProblem(404, 'no-pending-enrolment', pending);
  stack.clock.advance(301_000);
  const stale = await stack.api('POST', '/auth/otp/recovery_codes', { token, body: { otp: 1 } });
  expectProblem(403, 'reauthentication-required', stale);
});

test('answers for an unknown, a wrong and a locked account alike (ASVS 6.3.8)', async () => {
  const bob = await signUp(stack.api, 'bob');
  await stack.sql('update users.account set locked_at = clock_timestamp() where id = $1', [bob.id]);
  const send = (username: string, password: string) => stack.api('POST', '/login', { body: { username, password } });
  const answers = [
    await send(ada.username, 'not the password'),
    await send('nobody@example.com', 'not the password'),
    await send(bob.username, bob.password),
    await send(bob.username, 'not the password'),
  ];
  const [first, ...others] = answers.map(asSeen);
  assert.equal(first?.status, 401);
  for (const other of others) assert.deepEqual(other, first);
});

test('answers for an unknown and a known name alike after a hundred tries from everywhere too', async () => {
  const bob = await signUp(stack.api, 'bob');
  const send = async (username: string, at: number) => {
    const options = { from: `203.0.113.${at}`, body: { username, password: 'not the password' } };
    const seen = asSeen(await stack.api('POST', '/login', options));
    return JSON.stringify(seen).replace(/(t=|after":"|in )\d+/g, '$1-');
  };
  for (let at = 1; at < 105; at += 1) {
    assert.equal(await send(bob.username, at), await send('nobody-anywhere@example.com', at), `try ${at}`);
  }
});

function asSeen({ status, headers, body, text }: Answered) {
  const told = Object.fromEntries(headers);
  return {
    status,
    body: { ...body, request_id: '' },
    length: text.length,
    told: { ...told, date: '', 'x-request-id': '' },
  };
}

test('a kept connection gathers nothing from calls that are passed through', async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', note);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { agent, headers: { authorization: `Bearer ${ada.accessToken}` } };
  for (let call = 0; call < 15; call += 1) {
    const [answer] = await once(get(`${gatewayUrl()}/qr_code`, options), 'response');
    assert.equal(answer.statusCode, 404);
    await text(answer);
  }
  agent.destroy();
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});
