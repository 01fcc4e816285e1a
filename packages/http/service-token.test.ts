import assert from 'node:assert/strict';
import { test } from 'node:test';
import jwt from 'jsonwebtoken';
import { signServiceToken, verifyServiceToken } from './service-token.ts';

const secrets = ['a'.repeat(32), 'b'.repeat(32)];
const start = Date.UTC(2026, 0, 1);
const now = () => start;
const context = { request_id: 'r1', ip: '192.0.2.1', user_agent: null, session_id: null };

test('carries the context of a request to its service', () => {
  const token = signServiceToken('otp', secrets, now, { context });
  assert.deepEqual(verifyServiceToken('otp', secrets, now, token)?.context, context);
});

test('is a JWT like any other', () => {
  const token = signServiceToken('otp', secrets, now, { context, subject: '2c5c0a5e-7b7f-4b36-8a8b-6f0a2d1c6c11' });
  const iat = start / 1_000;
  assert.deepEqual(jwt.verify(token, 'a'.repeat(32), { algorithms: ['HS256'], clockTimestamp: iat, complete: true }), {
    header: { alg: 'HS256', typ: 'JWT' },
    payload: {
      iss: 'gateway',
      aud: 'otp',
      iat,
      exp: iat + 60,
      sub: '2c5c0a5e-7b7f-4b36-8a8b-6f0a2d1c6c11',
      ctx: context,
    },
    signature: token.split('.')[2],
  });
});

test('is none with any character changed, gone or more', () => {
  const token = signServiceToken('otp', secrets, now, { context });
  const verify = (text: string) => verifyServiceToken('otp', secrets, now, text);
  assert.ok(verify(token));
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A';
    for (const put of [other, '', `${token[at]}=`, `${token[at]}.`]) {
      assert.equal(verify(token.slice(0, at) + put + token.slice(at + 1)), undefined, `${put} at ${at}`);
    }
  }
  const [header = '', payload = '', mac = ''] = token.split('.');
  for (const text of [
    '',
    '.',
    '..',
    header,
    `${header}.`,
    `${header}..`,
    `${header}..${mac}`,
    `${header}.${payload}`,
  ]) {
    assert.equal(verify(text), undefined, text);
  }
});

test('any secret of the ring verifies, only the first signs', () => {
  const token = signServiceToken('otp', secrets, now, { context });
  assert.ok(verifyServiceToken('otp', ['c'.repeat(32), 'a'.repeat(32)], now, token));
  assert.equal(verifyServiceToken('otp', ['b'.repeat(32)], now, token), undefined);
});

test('is good for its service alone, and for 60 s and the leeway', () => {
  const token = signServiceToken('otp', secrets, now, { context });
  assert.equal(verifyServiceToken('users', secrets, now, token), undefined);
  assert.ok(verifyServiceToken('otp', secrets, () => start + 89_000, token));
  assert.equal(
    verifyServiceToken('otp', secrets, () => start + 91_000, token),
    undefined,
  );
});

test('refuses a longer life, another algorithm and a missing context', () => {
  const iat = start / 1_000;
  const claims = { iss: 'gateway', aud: 'otp', iat, exp: iat + 60, ctx: context };
  const sign = (payload: object, options: jwt.SignOptions = {}) => jwt.sign(payload, 'a'.repeat(32), options);
  assert.ok(verifyServiceToken('otp', secrets, now, sign(claims)));
  assert.equal(verifyServiceToken('otp', secrets, now, sign({ ...claims, exp: iat + 61 })), undefined);
  assert.equal(verifyServiceToken('otp', secrets, now, sign({ ...claims, ctx: {} })), undefined);
  assert.equal(verifyServiceToken('otp', secrets, now, sign(claims, { algorithm: 'HS512' })), undefined);
  const unsigned = jwt.sign(claims, '', { algorithm: 'none' });
  assert.equal(verifyServiceToken('otp', secrets, now, unsigned), undefined);
  const saysOther = sign(claims, { header: { alg: 'HS256', typ: 'JOT' } });
  assert.equal(verifyServiceToken('otp', secrets, now, saysOther), undefined);
});

test('is of no other issuer', () => {
  const iat = start / 1_000;
  const claims = { aud: 'otp', iat, exp: iat + 60, ctx: context };
  const verify = (payload: object) => verifyServiceToken('otp', secrets, now, jwt.sign(payload, 'a'.repeat(32)));
  assert.ok(verify({ ...claims, iss: 'gateway' }));
  assert.equal(verify({ ...claims, iss: 'users' }), undefined);
  assert.equal(verify(claims), undefined);
});
