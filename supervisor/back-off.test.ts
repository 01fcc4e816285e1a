import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nextDelayMs } from './back-off.ts';

it('waits 0.2 s, doubles up to 10 s, and stays there', () => {
  const delays: number[] = [];
  for (let previous: number | undefined; delays.length < 9; previous = delays.at(-1)) {
    delays.push(nextDelayMs(previous, 0));
  }
  assert.deepEqual(delays, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

it('starts over after a run of 30 s', () => {
  assert.equal(nextDelayMs(6400, 29_999), 10_000);
  assert.equal(nextDelayMs(6400, 30_000), 200);
});
