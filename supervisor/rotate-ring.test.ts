import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateKeys, ringNames } from './generate-keys.ts';
import { labelOf, readRing, rotateRing } from './rotate-ring.ts';

describe('a rotation', () => {
  for (const name of ringNames) {
    it(`takes ${name} through its three steps and ends with the new key alone`, () => {
      const old = generateKeys()[name];
      const longer = rotateRing(name, readRing(name, old));
      const [first, added] = longer.split(',');
      assert.equal(first, old);
      assert.ok(added && added !== old);
      const reordered = rotateRing(name, readRing(name, longer));
      assert.equal(reordered, `${added},${old}`);
      assert.equal(readRing(name, reordered).oldest, old);
      assert.equal(rotateRing(name, readRing(name, reordered)), added);
    });

    it(`never shows a key of ${name}`, () => {
      const entry = generateKeys()[name];
      const secret = entry.replace(/^k1:/, '');
      for (let at = 0; at + 12 <= secret.length; at++) {
        assert.ok(!labelOf(name, entry).includes(secret.slice(at, at + 12)));
      }
    });
  }

  it('refuses a ring whose order tells no step', () => {
    assert.throws(() => readRing('PASSWORD_PEPPERS', 'k1:a,k3:b,k2:c'), /neither first nor last/);
    assert.throws(() => readRing('PASSWORD_PEPPERS', 'old:a,new:b'), /tell no order/);
    assert.throws(() => readRing('PASSWORD_PEPPERS', 'k1:a,'), /tell no order/);
    assert.throws(() => readRing('PASSWORD_PEPPERS', '"k1:a"'), /is quoted/);
  });
});
