import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from './random-bytes.ts';

test('gives as many bytes as are asked for, also more than the pool holds, and none twice', () => {
  const seen = new Set<string>();
  for (let round = 0; round < 2_000; round += 1) {
    for (const count of [16, 20, 32, 48]) seen.add(randomBytes(count).toString('hex', 0, 16));
  }
  assert.equal(seen.size, 8_000);
  for (const count of [0, 1, 4_095, 4_096, 4_097, 10_000]) {
    const bytes = randomBytes(count);
    assert.equal(bytes.length, count);
    if (count > 16) assert.ok(new Set(bytes).size > 8);
  }
});

test('what was given out is of its owner alone: writing to it changes nothing that comes after', () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const kept = second.toString('hex');
  first.fill(0);
  assert.equal(second.toString('hex'), kept);
});

test('refuses what is no count of bytes, and goes on', () => {
  for (const count of [-1, -64, Number.NaN]) assert.throws(() => randomBytes(count), RangeError);
  assert.equal(randomBytes(32).length, 32);
});

test('each of the 256 bytes comes as often as the others', () => {
  const counts = new Array<number>(256).fill(0);
  const rounds = 16_384;
  for (let round = 0; round < rounds; round += 1) {
    for (const byte of randomBytes(64)) counts[byte] = (counts[byte] ?? 0) + 1;
  }
  const expected = (rounds * 64) / 256;
  // Eight standard deviations: one run in 10^12 fails by chance.
  for (const count of counts)
    assert.ok(Math.abs(count - expected) < 8 * Math.sqrt(expected), `${count} of ${expected}`);
});
