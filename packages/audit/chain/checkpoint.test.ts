import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { judgeSignature, signCheckpoint } from './checkpoint.ts';
import { noHash } from './hash-event.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] };
const unsigned = {
  outcome: 'success' as const,
  reason: null,
  actor: null,
  target: null,
  client: null,
  session_id: null,
  request_id: null,
  amr: null,
  count: 1,
  personal_hash: null,
  personal: null,
  log_id: '7b2f4c1e-3d77-4b0a-9a55-0f6f0f1f2a3b',
  from: '1',
  to: '2',
  head: 'a'.repeat(64),
  time: '2026-01-02T03:04:05.678Z',
  types: { 'sallyport.login.succeeded': { count: 2, digest: 'b'.repeat(64) } },
  first: '1',
  first_prevhash: noHash,
  kid: 'k1',
};
const data = { ...unsigned, signature: signCheckpoint(unsigned, privateKey) };

test('a checkpoint verifies by the key that its kid names, whatever the order of its members', () => {
  assert.equal(judgeSignature(data, keys), 'valid');
  const reversed = Object.fromEntries(Object.entries(data).reverse()) as typeof data;
  assert.equal(judgeSignature(reversed, keys), 'valid');
});

test('a change of any member ends the signature', () => {
  for (const name of Object.keys(unsigned) as (keyof typeof unsigned)[]) {
    if (name === 'kid') continue;
    assert.equal(judgeSignature({ ...data, [name]: 'other' } as typeof data, keys), 'invalid', name);
  }
  assert.equal(judgeSignature({ ...data, extra: 1 } as typeof data, keys), 'invalid');
});

test('an unknown key is told from a wrong signature', () => {
  assert.equal(judgeSignature({ ...data, kid: 'k2' }, keys), 'unknown-key');
  assert.equal(judgeSignature(data, { keys: [{ kty: 'EC', kid: 'k1' }] }), 'invalid');
});
