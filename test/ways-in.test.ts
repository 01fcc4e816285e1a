// Every way in, and every kind of token at each: the matrix is made from the table, so a new route is in it by itself.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { signServiceToken } from '@sallyport/http';
import { Registry } from 'prom-client';
import { createApp } from '../gateway/app.ts';
import type { GatewayContext } from '../gateway/context.ts';
import { type WayIn, waysIn } from '../gateway/routes/ways-in.ts';
import { endSoundly } from './support/assert-sound.ts';
import { challengeOf, expect, type Person, signUpWithFactor, tokensOf, wrongCode } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

let stack: Stack;
let ada: Person & { secret: string };
let tokens: Record<string, string>;
before(async () => {
  stack = await startStack({ env: { OTP_LOCK_AFTER: '0', PASSWORD_TRIES_PER_ADDRESS: '0' } });
  ada = await signUpWithFactor(stack);
  tokens = await makeTokens();
});
after(() => endSoundly(stack));

async function logInAgain(at: number) {
  const { username, password, recoveryCodes } = ada;
  const body = { username, password, recovery_code: recoveryCodes[at] };
  return expect(200, await stack.api('POST', '/login', { body }));
}

/** One token of each kind; what has no other form here stands for itself. */
async function makeTokens(): Promise<Record<string, string>> {
  const expired = tokensOf(await logInAgain(0)).accessToken;
  stack.clock.advance(601_000);
  const ended = tokensOf(await logInAgain(1)).accessToken;
  assert.equal((await stack.api('POST', '/logout', { token: ended })).status, 204);
  const live = await logInAgain(2);
  const context = { request_id: 'x', ip: null, user_agent: null, session_id: null };
  const serviceToken = (service: string) =>
    signServiceToken(service, [stack.env[`${service.toUpperCase()}_SERVICE_SECRETS`] ?? ''], stack.clock.now, {
      context,
      subject: ada.id,
    });
  return {
    access: tokensOf(live).accessToken,
    refresh: tokensOf(live).refreshToken,
    challenge: await challengeOf(stack.api, ada),
    device: live.body.device_token ?? randomBytes(32).toString('base64url'),
    recovery: ada.recoveryCodes[9] ?? '',
    users: serviceToken('users'),
    otp: serviceToken('otp'),
    expired,
    ended,
    id: ada.id,
  };
}

type Sent = { headers?: Record<string, string>; query?: string; body?: object };
type Answer = { status: number; code: string | undefined };

const names = ['access_token', 'refresh_token', 'token', 'challenge', 'device_token', 'session'];
const asFields = (token: string) => Object.fromEntries(names.map((name) => [name, token]));

/** The ways to bring a token along, apart from a field of the body. */
const carriers: Record<string, (token: string) => Sent> = {
  Bearer: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
  Basic: (token) => ({
    headers: { authorization: `Basic ${Buffer.from(`${ada.username}:${token}`).toString('base64')}` },
  }),
  Token: (token) => ({ headers: { authorization: `Token ${token}` } }),
  'bare Authorization': (token) => ({ headers: { authorization: token } }),
  cookie: (token) => ({
    headers: {
      cookie: [...names, 'Authorization', '__Host-sallyport', 'sid'].map((name) => `${name}=${token}`).join('; '),
    },
  }),
  header: (token) => ({ headers: { 'x-access-token': token, 'x-auth-token': token, 'x-auth-user-id': ada.id } }),
  query: (token) => ({ query: `?${new URLSearchParams(asFields(token))}` }),
};
const inBody = (token: string): Sent => ({ body: { ...asFields(token), otp: wrongCode(stack, ada) } });

async function send(way: WayIn, { headers, query = '', body }: Sent): Promise<Answer> {
  const method = way.method === 'any' ? 'POST' : way.method.toUpperCase();
  const path = way.path.replace(/:\w+/g, () => randomUUID());
  const answer = await fetch(`${stack.parts.gateways[0]?.url}${path}${query}`, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body && method !== 'GET' ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  const isJson = /problem\+json/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, code: isJson ? JSON.parse(text).code : undefined };
}

const titleOf = (way: WayIn) => `${way.method} ${way.path}`;
const find = (path: string) => {
  const way = waysIn.find((one) => one.path === path);
  assert.ok(way, path);
  return way;
};

type Layer = { name: string; route?: { path: string; stack: { method?: string }[] }; match(path: string): boolean };
const coversAll = (route: { stack: { method?: string }[] }) => route.stack.some(({ method }) => method === 'propfind');

test('lists every way in that the app mounts, and mounts every one that is listed', () => {
  const config = { TRUSTED_PROXIES: [], CORS_ORIGINS: [], OTP_URL: 'http://127.0.0.1:9' };
  const context = { publicUrl: 'https://login.example.com', registry: new Registry(), config };
  const layers = createApp(context as unknown as GatewayContext).router.stack as unknown as Layer[];
  // The refusal of every other method stands behind each path, and answers all of them.
  const answersAll = layers.flatMap(({ route }) => (route && coversAll(route) ? route.path : []));
  const ways = layers.flatMap(({ route }) =>
    route && !coversAll(route) ? route.stack.map(({ method }) => `${method} ${route.path}`) : [],
  );
  const listed = waysIn.filter(({ method }) => method !== 'any');
  assert.deepEqual([...new Set(ways)].sort(), listed.map(titleOf).sort());
  assert.deepEqual([...answersAll].sort(), [...new Set(listed.map(({ path }) => path))].sort());
  const apart = layers.filter((layer) => layer.route === undefined && !layer.match('/nowhere-at-all'));
  const prefixes = waysIn.filter(({ method }) => method === 'any').map(({ path }) => path);
  for (const layer of apart) {
    assert.ok(
      prefixes.some((path) => layer.match(path)),
      `${layer.name} is mounted at a path that is not listed`,
    );
  }
  for (const path of prefixes)
    assert.ok(
      apart.some((layer) => layer.match(path)),
      path,
    );
});

test('takes each kind of token for nothing but its own use: kinds x carriers x ways in (CVE-2026-45690)', async () => {
  for (const way of waysIn) {
    const bare = await send(way, {});
    if (way.access === 'bearer') assert.deepEqual(bare, { status: 401, code: 'unauthenticated' }, titleOf(way));
    for (const [kind, token] of Object.entries(tokens)) {
      const ownUse = way.access !== 'public' && kind === 'access' ? 'Bearer' : '';
      const foreign = Object.entries(carriers).filter(([carrier]) => carrier !== ownUse);
      const answers = await Promise.all(foreign.map(([, carry]) => send(way, carry(token))));
      for (const [at, answer] of answers.entries()) {
        assert.deepEqual(answer, bare, `${kind} as ${foreign[at]?.[0]} at ${titleOf(way)}`);
      }
      if (way.access === 'bearer' && way.method !== 'get') {
        assert.deepEqual(await send(way, inBody(token)), bare, `${kind} in the body of ${titleOf(way)}`);
      }
    }
  }
});

test('takes nothing but a challenge for a challenge, nothing but a refresh token for one (GHSA-xg6x-h9c9-2m83)', async () => {
  const uses = [
    { path: '/login/otp', kind: 'challenge', refusal: 'invalid-challenge' },
    { path: '/token/refresh', kind: 'refresh', refusal: 'invalid-refresh-token' },
    { path: '/logout', kind: 'refresh', refusal: 'unauthenticated' },
  ];
  for (const { path, kind, refusal } of uses) {
    for (const [other, token] of Object.entries(tokens)) {
      if (other === kind) continue;
      assert.deepEqual(await send(find(path), inBody(token)), { status: 401, code: refusal }, `${other} at ${path}`);
    }
  }
  const { challenge = '' } = tokens;
  assert.deepEqual(await send(find('/login/otp'), inBody(challenge)), { status: 401, code: 'invalid-otp' });
});

test('on the diagonal a live access token as Bearer is known everywhere, and the last tokens still do their own', async () => {
  const last = ['/logout'];
  const bearers = waysIn.filter(({ access, path }) => access === 'bearer' && !last.includes(path));
  for (const way of bearers) {
    const { status, code } = await send(way, { headers: { authorization: `Bearer ${tokens.access}` } });
    assert.ok(status < 500 && code !== 'unauthenticated', `${titleOf(way)}: ${status} ${code}`);
  }
  const { refresh = '', challenge = '' } = tokens;
  const otp = ada.recoveryCodes[8];
  expect(200, await stack.api('POST', '/login/otp', { body: { challenge, recovery_code: otp } }));
  const next = expect(200, await stack.api('POST', '/token/refresh', { body: { refresh_token: refresh } }));
  const body = { refresh_token: next.body.refresh_token };
  assert.equal((await stack.api('POST', '/logout', { body })).status, 204);
  expect(401, await stack.api('GET', '/me', { token: tokens.access ?? '' }));
});

test('asks for a token at any method and any path below /verify', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const path of ['/verify', '/verify/', '/verify/below/this?x=1']) {
      const answer = await stack.api(method, path);
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
  }
});

test('refuses every other method on a known path with 405 and Allow', async () => {
  for (const path of new Set(waysIn.filter(({ method }) => method !== 'any').map((way) => way.path))) {
    const methods = waysIn.filter((way) => way.path === path).map((way) => way.method.toUpperCase());
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      if (methods.includes(method)) continue;
      const answer = await stack.api(
        method,
        path.replace(/:\w+/g, () => randomUUID()),
      );
      assert.equal(answer.status, 405, `${method} ${path}`);
      for (const allowed of methods) assert.match(answer.headers.get('allow') ?? '', new RegExp(allowed));
    }
  }
});
