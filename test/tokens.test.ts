// Access tokens by RFC 8725 and 9068. Tokens are forged with node:crypto alone, the right key included.
import assert from 'node:assert/strict';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { expect, expectProblem, nextCode, type Person, signUp, signUpWithFactor, tokensOf } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

const admin = { username: 'root@example.com', password: 'a long pass phrase of the admin' };

let stack: Stack;
let ada: Person;
before(async () => {
  stack = await startStack({ env: { ADMIN_USERNAME: admin.username, ADMIN_PASSWORD: admin.password } });
  ada = await signUp(stack.api);
});
after(() => endSoundly(stack));

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
const headerOf = (token: string) => decode(token.split('.')[0]);
const claimsOf = (token: string) => decode(token.split('.')[1]);

function ownKey() {
  const der = Buffer.from((stack.env.TOKEN_SIGNING_KEYS ?? '').split(':')[1] ?? '', 'base64');
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function forge(header: object, claims: object, key = ownKey()): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

async function statusOf(token: string): Promise<number> {
  return (await stack.api('GET', '/me', { token })).status;
}

test('verifies with nothing but the published keys, and says what it must (RFC 9068)', async () => {
  const { keys } = expect(200, await stack.api('GET', '/.well-known/jwks.json')).body;
  const [header = '', payload = '', signature = ''] = ada.accessToken.split('.');
  const { kid, alg, typ } = decode(header);
  assert.deepEqual({ alg, typ }, { alg: 'ES256', typ: 'at+jwt' });
  const jwk = keys.find((entry: { kid: string }) => entry.kid === kid);
  assert.equal(jwk.d, undefined);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const input = Buffer.from(`${header}.${payload}`);
  const given = { key, dsaEncoding: 'ieee-p1363' } as const;
  assert.ok(verify('sha256', input, given, Buffer.from(signature, 'base64url')));
  const claims = decode(payload);
  const { iss, aud, sub, amr, roles, exp, iat } = claims;
  const issuer = 'https://login.example.com';
  assert.deepEqual({ iss, aud, sub, amr, roles }, { iss: issuer, aud: issuer, sub: ada.id, amr: ['pwd'], roles: [] });
  assert.equal(exp - iat, 600);
  for (const name of ['jti', 'sid', 'auth_time']) assert.ok(name in claims, name);
  assert.ok(!JSON.stringify(claims).includes(ada.username));
});

test('takes a token that is signed as it should be, so that the refusals below mean something', async () => {
  assert.equal(await statusOf(forge(headerOf(ada.accessToken), claimsOf(ada.accessToken))), 200);
});

test('refuses every other algorithm, key and header (RFC 8725 3.1, 3.10)', async () => {
  const header = headerOf(ada.accessToken);
  const claims = claimsOf(ada.accessToken);
  const asked: string[] = [];
  const listener = createServer((req, res) => {
    asked.push(req.url ?? '');
    res.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/keys`;
  const { privateKey: own } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = createPublicKey(own).export({ format: 'jwk' });

  const unsigned = ['none', 'None', 'NONE', 'nOnE', '', null, [], 'ES256'].flatMap((alg) => {
    const input = `${encode({ ...header, alg })}.${encode(claims)}`;
    return [`${input}.`, `${input}.AA`, `${input}.${ada.accessToken.split('.')[2]?.slice(0, -4)}AAAA`];
  });
  const publicKey = createPublicKey(ownKey());
  const { keys } = (await stack.api('GET', '/.well-known/jwks.json')).body;
  const secrets = [
    publicKey.export({ format: 'pem', type: 'spki' }),
    publicKey.export({ format: 'der', type: 'spki' }),
    JSON.stringify(keys[0]),
    stack.env.USERS_SERVICE_SECRETS ?? '',
    '',
  ];
  const hmacs = secrets.flatMap((secret) =>
    ['HS256', 'ES256'].map((alg) => {
      const input = `${encode({ ...header, alg })}.${encode(claims)}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    }),
  );
  const kids = [
    '../../dev/null',
    '/dev/null',
    "' or 1=1 --",
    '__proto__',
    'constructor',
    '',
    'k'.repeat(2_000),
    ['t1'],
  ];
  const foreignKids = [...kids, { id: 't1' }, null, 1, undefined].map((kid) => forge({ ...header, kid }, claims));
  const foreignKeys = [{}, { jku: url }, { x5u: url }, { jwk }, { x5c: ['AA=='] }, { jwk, kid: undefined }].map(
    (more) => forge({ ...header, ...more }, claims, own),
  );
  const critical = [['exp'], ['b64'], [], 'exp'].map((crit) => forge({ ...header, crit, b64: false }, claims));
  const types = ['JWT', 'at+JWT', 'jwt', '', undefined, null, ['at+jwt']].map((typ) =>
    forge({ ...header, typ }, claims),
  );
  const damaged = [`${ada.accessToken}x`, `${ada.accessToken}.x`, ada.accessToken.replace('.', '..'), 'a.b.c', '..'];
  const all = { unsigned, hmacs, foreignKids, foreignKeys, critical, types, damaged };
  for (const [name, tokens] of Object.entries(all)) {
    for (const [at, token] of tokens.entries()) assert.equal(await statusOf(token), 401, `${name} ${at}`);
  }
  listener.close();
  assert.deepEqual(asked, []);
});

test('refuses a token of another issuer, audience, time, account or session, or one that leaves them out', async () => {
  const header = headerOf(ada.accessToken);
  const claims = claimsOf(ada.accessToken);
  const now = Math.floor(stack.clock.now() / 1_000);
  const bob = await signUp(stack.api, 'bob');
  const changes: object[] = [
    { iss: 'https://evil.example' },
    { iss: undefined },
    { iss: ['https://login.example.com'] },
    { aud: 'https://evil.example' },
    { aud: undefined },
    { aud: [] },
    { exp: now - 1 },
    { exp: undefined },
    { exp: 'never' },
    { nbf: now + 60 },
    { sub: bob.id },
    { sub: undefined },
    { sub: '__proto__' },
    { sid: randomUUID() },
    { sid: claimsOf(bob.accessToken).sid },
    { sid: undefined },
    { sid: "' or true" },
    { auth_time: 'now' },
    { amr: 'otp' },
  ];
  for (const change of changes) {
    assert.equal(await statusOf(forge(header, { ...claims, ...change })), 401, JSON.stringify(change));
  }
  assert.equal(await statusOf(ada.accessToken), 200);
  stack.clock.advance(601_000);
  assert.equal(await statusOf(ada.accessToken), 401, 'it expires, though it was taken before');
  ada = await signUp(stack.api);
});

test('believes no role, method or time that a token claims beyond its session', async () => {
  const header = headerOf(ada.accessToken);
  const claims = { ...claimsOf(ada.accessToken), roles: ['admin'], amr: ['pwd', 'otp', 'mfa'] };
  const token = forge(header, claims);
  expectProblem(403, 'forbidden', await stack.api('GET', '/audit/events', { token }));
  const seen = await stack.api('GET', '/verify', { token });
  assert.equal(seen.headers.get('x-auth-roles'), '');
  assert.equal(seen.headers.get('x-auth-amr'), 'pwd');
  stack.clock.advance(301_000);
  const later = forge(header, { ...claims, auth_time: Math.floor(stack.clock.now() / 1_000) });
  expectProblem(403, 'reauthentication-required', await stack.api('POST', '/auth/otp/setup', { token: later }));
});

test('refuses tokens of 10 KB and 1 MB without a stall', async () => {
  const url = `${stack.parts.gateways[0]?.url}/me`;
  const started = performance.now();
  assert.equal(await statusOf(`${'a'.repeat(3_000)}.${'b'.repeat(4_000)}.${'c'.repeat(3_000)}`), 401);
  const answer = await fetch(url, { headers: { authorization: `Bearer ${'a'.repeat(1_000_000)}.b.c` } }).catch(
    () => {},
  );
  assert.ok(answer === undefined || answer.status === 431, 'more than 16 KiB of headers are not read');
  assert.ok(performance.now() - started < 2_000);
  expect(200, await stack.api('GET', '/healthz'));
});

test('asks for a fresh login, and for a code anew, five minutes after the last', async () => {
  const eve = await signUpWithFactor(stack, 'eve');
  stack.clock.advance(299_000);
  const regenerate = (token: string) =>
    stack.api('POST', '/auth/otp/recovery_codes', { token, body: { otp: nextCode(stack, eve) } });
  expectProblem(403, 'reauthentication-required', await regenerate(eve.accessToken));
  const body = { password: eve.password, otp: nextCode(stack, eve) };
  const again = expect(200, await stack.api('POST', '/reauthenticate', { token: eve.accessToken, body }));
  expect(200, await regenerate(again.body.access_token));
  expectProblem(403, 'reauthentication-required', await regenerate(eve.accessToken));
});

test('lets an admin without a second factor enrol one and nothing else', async () => {
  const login = expect(200, await stack.api('POST', '/login', { body: admin }));
  const root: Person = { ...admin, id: login.body.user.id, ...tokensOf(login), recoveryCodes: [] };
  const token: string = login.body.access_token;
  assert.deepEqual(login.body.user.roles, ['admin']);
  for (const path of ['/me', '/auth/otp', '/sessions']) expect(200, await stack.api('GET', path, { token }));
  const change = { current_password: admin.password, new_password: 'another long pass phrase' };
  const refused = [
    await stack.api('GET', '/audit/events', { token }),
    await stack.api('PUT', '/me/password', { token, body: change }),
  ];
  for (const answer of refused) expectProblem(403, 'enrolment-required', answer);
  assert.equal((await stack.api('GET', '/verify', { token })).status, 403);

  const setup = expect(200, await stack.api('POST', '/auth/otp/setup', { token }));
  const secret: string = setup.body.secret;
  const enable = { token, body: { otp: nextCode(stack, { secret }) } };
  const enabled = expect(200, await stack.api('PUT', '/auth/otp/enable', enable));
  const events = expect(200, await stack.api('GET', '/audit/events?limit=5', { token: enabled.body.access_token }));
  assert.equal(events.body.events.length, 5);
  const disable = { password: root.password, otp: nextCode(stack, { secret }) };
  const kept = await stack.api('PUT', '/auth/otp/disable', { token: enabled.body.access_token, body: disable });
  expectProblem(403, 'forbidden', kept);
});
