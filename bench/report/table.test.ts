import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFigure, renderTable } from './table.ts';

test('aligns names to the left and figures to the right', () => {
  const table = renderTable(
    ['name', 'rate'],
    [
      ['login', '31.0'],
      ['x', '2,060'],
    ],
  );
  assert.equal(table, ['name    rate', '-----  -----', 'login   31.0', 'x      2,060'].join('\n'));
});

test('leaves cells that are missing blank', () => {
  assert.equal(renderTable(['a', 'b'], [['1']]), ['a  b', '-  -', '1'].join('\n'));
});

test('shows as many digits as a figure deserves', () => {
  assert.equal(formatFigure(0.854), '0.85');
  assert.equal(formatFigure(34.06), '34.1');
  assert.equal(formatFigure(9.999), '10.0');
  assert.equal(formatFigure(99.99), '100');
  assert.equal(formatFigure(2060.4), '2060');
  assert.equal(formatFigure(undefined), '-');
  assert.equal(formatFigure(Number.NaN), '-');
});
