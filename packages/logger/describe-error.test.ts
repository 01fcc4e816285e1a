import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeError } from './describe-error.ts';

test('tells what went wrong, and nothing that PostgreSQL quotes of the row', () => {
  const cause = Object.assign(new Error('violates a constraint'), {
    code: '23514',
    detail: 'Failing row contains (x)',
  });
  const told = JSON.stringify(describeError(new Error('it failed', { cause })));
  assert.match(told, /it failed.*violates a constraint/s);
  assert.match(told, /23514/);
  assert.doesNotMatch(told, /Failing row/);
});

test('cuts what is long, and stops at a cause of itself', () => {
  const error = new Error('x'.repeat(1_000_000));
  error.cause = error;
  assert.ok(JSON.stringify(describeError(error)).length < 100_000);
  assert.equal(describeError('only a text'), 'only a text');
});
