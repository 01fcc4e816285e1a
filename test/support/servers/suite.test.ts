import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTap } from './suite.ts';

const totals = '1..4\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n';

test('counts tests, names what was skipped, and is not fooled by what tests print', () => {
  const tap = `TAP version 13\n# pass 99\nok 1 - works\nnot ok 2 - fails\nok 3 - later # SKIP no \\# today\n${totals}`;
  assert.deepEqual(readTap(tap, []), {
    passed: 2,
    failed: 1,
    skipped: 1,
    skips: ['later: no # today'],
    failures: [],
  });
});

test('does not count a file in which no test ran', () => {
  const tap = `TAP version 13\nok 1 - test/empty.test.ts\nok 2 - works\n${totals}`;
  assert.equal(readTap(tap, ['test/empty.test.ts']).passed, 1);
});

test('counts a run that was cut short as a failure', () => {
  assert.deepEqual(readTap('TAP version 13\nok 1 - works\n', []), {
    passed: 0,
    failed: 1,
    skipped: 0,
    skips: [],
    failures: [],
  });
});
