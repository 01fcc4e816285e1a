import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { KeyRing } from '@sallyport/config';
import fc from 'fast-check';
import { factorBinding, open, recoverySetBinding, seal } from './sealed.ts';

const key = (id: string, bytes = randomBytes(32)) => ({ id, bytes });
const first = key('k1');
const second = key('k2');
const ring = new KeyRing([first, second]);

test('opens what it sealed, for the same account and enrolment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.uuid(), fc.uuid(), (plain, user, enrolment) => {
      const sealed = seal(ring, randomBytes, Buffer.from(plain), factorBinding(user, enrolment));
      assert.deepEqual(open(ring, sealed, factorBinding(user, enrolment)), Buffer.from(plain));
    }),
  );
});

test('opens for no other account, enrolment, kind or key', () => {
  const [user, other, enrolment] = [randomUUID(), randomUUID(), randomUUID()];
  const sealed = seal(ring, randomBytes, randomBytes(20), factorBinding(user, enrolment));
  assert.equal(open(ring, sealed, factorBinding(other, enrolment)), undefined);
  assert.equal(open(ring, sealed, factorBinding(user, other)), undefined);
  assert.equal(open(ring, sealed, recoverySetBinding(user, enrolment)), undefined);
  assert.equal(open(ring, { ...sealed, keyId: 'k2' }, factorBinding(user, enrolment)), undefined);
  const renamed = new KeyRing([key('k2', first.bytes)]);
  assert.equal(open(renamed, { ...sealed, keyId: 'k2' }, factorBinding(user, enrolment)), undefined);
  assert.equal(open(new KeyRing([second]), sealed, factorBinding(user, enrolment)), undefined);
});

test('refuses any changed byte, a short tag, and what is missing', () => {
  const binding = factorBinding(randomUUID(), randomUUID());
  const sealed = seal(ring, randomBytes, randomBytes(20), binding);
  for (let at = 0; at < sealed.ciphertext.length; at++) {
    const ciphertext = Buffer.from(sealed.ciphertext);
    ciphertext.writeUInt8(ciphertext.readUInt8(at) ^ 1, at);
    assert.equal(open(ring, { ...sealed, ciphertext }, binding), undefined);
  }
  for (const length of [0, 4, 16, 35]) {
    assert.equal(open(ring, { ...sealed, ciphertext: sealed.ciphertext.subarray(0, length) }, binding), undefined);
  }
  assert.equal(open(ring, { ...sealed, nonce: sealed.nonce.subarray(0, 8) }, binding), undefined);
  assert.equal(open(ring, { ...sealed, ciphertext: null }, binding), undefined);
  assert.equal(open(ring, { keyId: null, nonce: null, ciphertext: null }, binding), undefined);
});
