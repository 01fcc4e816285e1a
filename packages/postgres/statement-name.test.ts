import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementName } from './statement-name.ts';

test('a name depends on the text alone, and is short enough for PostgreSQL', () => {
  assert.equal(statementName('select 2'), 's3cf988cc782b44bc24ceb17e445d9c3cfd06b6c8');
  assert.notEqual(statementName('select 1'), statementName('select 2'));
  assert.ok(statementName('select 1').length < 64);
});
