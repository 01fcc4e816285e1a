import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BarLine } from '../scenario.ts';
import { judge } from './judge.ts';

const rate: BarLine = { key: 'rate', what: 'logins', unit: '/s', limit: 0.9, sense: 'at least', of: 'ratio' };
const wait: BarLine = { key: 'wait', what: 'a wait', unit: 'ms', limit: 8, sense: 'at most', of: 'figure' };

test('holds a ratio to its limit, and a figure alone to its own', () => {
  assert.equal(judge(rate, { key: 'rate', figure: 9, reference: { name: 'raw', figure: 10 } }).holds, true);
  assert.equal(judge(rate, { key: 'rate', figure: 8.9, reference: { name: 'raw', figure: 10 } }).holds, false);
  assert.equal(judge(wait, { key: 'wait', figure: 8 }).holds, true);
  assert.equal(judge(wait, { key: 'wait', figure: 8.1, reference: { name: 'at rest', figure: 4 } }).holds, false);
});

test('judges nothing that was not measured', () => {
  assert.equal(judge(wait, { key: 'wait', missing: 'no /proc here' }).holds, undefined);
  assert.equal(judge(rate, { key: 'rate', figure: 9 }).holds, undefined);
  assert.equal(judge(rate, { key: 'rate', figure: 0, reference: { name: 'raw', figure: 0 } }).holds, undefined);
});
