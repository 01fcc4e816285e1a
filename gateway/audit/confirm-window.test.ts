import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfirmWindow } from './confirm-window.ts';

test('the prefix ends before the first event that is not confirmed', () => {
  const window = createConfirmWindow(10);
  for (const sequence of [11, 12, 13, 14]) window.sent(sequence);
  window.confirmed(12);
  window.confirmed(13);
  assert.deepEqual([window.prefix, window.size], [10, 4]);
  window.confirmed(11);
  assert.deepEqual([window.prefix, window.size], [13, 1]);
  window.confirmed(14);
  assert.deepEqual([window.prefix, window.size], [14, 0]);
});
