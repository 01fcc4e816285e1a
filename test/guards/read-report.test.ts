import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOutcome } from './read-report.ts';

const line = (verdict: string, title: string, failure?: string) =>
  `    ${verdict} 1 - ${title}\n      ---\n      duration_ms: 1\n${failure ? `      failureType: '${failure}'\n` : ''}      ...\n`;

test('reads how each test came out, inside a suite too', () => {
  const tap = [
    line('ok', 'one passes'),
    line('not ok', 'another \\#2 fails', 'testCodeFailure'),
    line('not ok', 'a third never ran', 'hookFailed'),
    line('ok', 'a fourth # SKIP no Redis'),
    line('ok', 'a fifth (a)'),
    line('not ok', 'a fifth (b)', 'testTimeoutFailure'),
  ].join('');
  assert.equal(readOutcome(tap, 'one passes'), 'passed');
  assert.equal(readOutcome(tap, 'another #2 fails'), 'failed');
  assert.equal(readOutcome(tap, 'a third never ran'), 'broken');
  assert.equal(readOutcome(tap, 'a fourth'), 'skipped');
  assert.equal(readOutcome(tap, 'a fifth'), 'failed');
  assert.equal(readOutcome(tap, 'a sixth'), 'broken');
  assert.equal(readOutcome('', 'one passes'), 'broken');
});
