import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { decodeBase32 } from '../../../test/support/authenticator.ts';
import { createSecret, toBase32 } from './totp-secret.ts';

test('makes 10 000 secrets of 160 bits without a duplicate (RFC 4226 R6)', () => {
  const secrets = new Set(Array.from({ length: 10_000 }, () => toBase32(createSecret(randomBytes))));
  assert.equal(secrets.size, 10_000);
  for (const secret of secrets) assert.match(secret, /^[A-Z2-7]{32}$/);
});

test('writes what an authenticator reads', () => {
  const secret = createSecret(randomBytes);
  assert.deepEqual(decodeBase32(toBase32(secret)), secret);
});
