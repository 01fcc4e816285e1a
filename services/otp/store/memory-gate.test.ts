import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryGate } from './memory-gate.ts';

test('lets a step through once until it lapses', async () => {
  let now = 0;
  const gate = openMemoryGate(100, () => now);
  assert.equal(await gate.take('ada', 1, 'x'), true);
  assert.equal(await gate.take('ada', 1, 'y'), false);
  assert.equal(await gate.take('ada', 2, 'x'), true);
  assert.equal(await gate.take('bob', 1, 'x'), true);
  now = 99_999;
  assert.equal(await gate.take('ada', 1, 'y'), false);
  now = 100_000;
  assert.equal(await gate.take('ada', 1, 'y'), true);
});

test('gives a step back only to whoever took it', async () => {
  const gate = openMemoryGate(100);
  await gate.take('ada', 1, 'x');
  await gate.release('ada', 1, 'y');
  assert.equal(await gate.take('ada', 1, 'z'), false);
  await gate.release('ada', 1, 'x');
  assert.equal(await gate.take('ada', 1, 'z'), true);
});
