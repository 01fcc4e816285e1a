import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createStopSignals } from './stop-signals.ts';

it('takes signals within a second of the first for the same one, and a later one for impatience', () => {
  let now = 5_000;
  const read = createStopSignals(() => now);
  assert.equal(read(), 'stop');
  assert.equal(read(), 'same');
  now += 999;
  assert.equal(read(), 'same');
  now += 1;
  assert.equal(read(), 'kill');
});
