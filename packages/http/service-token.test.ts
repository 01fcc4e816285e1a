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
});

test('is of no other issuer', () => {
  const iat = start / 1_000;
  const claims = { aud: 'otp', iat, exp: iat + 60, ctx: context };
  const verify = (payload: object) => verifyServiceToken('otp', secrets, now, jwt.sign(payload, 'a'.repeat(32)));
  assert.ok(verify({ ...claims, iss: 'gateway' }));
  assert.equal(verify({ ...claims, iss: 'users' }), undefined);
  assert.equal(verify(claims), undefined);
});
