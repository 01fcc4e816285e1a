import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFailures } from './read-failures.ts';

const tap = `TAP version 13
not ok 1 - adds \\# up
  ---
  duration_ms: 4.2
  location: '/root/of/it/test/a.test.ts:2:1'
  failureType: 'testCodeFailure'
  error: |-
    Expected values to be strictly equal:
${'    '}
    1 !== 2
  stack: |-
    TestContext.<anonymous>
  ...
ok 2 - works
    not ok 1 - within
      ---
      location: '/root/of/it/test/b.test.ts:7:3'
      failureType: 'testCodeFailure'
      error: 'not within 3 ms'
      ...
not ok 3 - a suite
  ---
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  ...
`;

test('names each failed test once, with its place and what it said', () => {
  assert.deepEqual(readFailures(tap, '/root/of/it'), [
    'adds # up (test/a.test.ts:2:1)\n  Expected values to be strictly equal:\n  \n  1 !== 2',
    'within (test/b.test.ts:7:3)\n  not within 3 ms',
  ]);
});
