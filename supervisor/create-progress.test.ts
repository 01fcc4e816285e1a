import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from './create-progress.ts';

test('a long work tells once a second how far it has come, and how fast', () => {
  const lines: string[] = [];
  let now = 500;
  const tell = createProgress(
    () => now,
    (line) => lines.push(line),
  );
  for (let done = 100; done <= 5_000; done += 100) {
    now += 50;
    tell(done, 9_000);
  }
  assert.deepEqual(lines, ['2000 of 9000 rows, 2000 a second', '4000 of 9000 rows, 2000 a second']);
});
