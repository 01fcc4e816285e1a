import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTraceparent, writeTraceparent } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('reads the example of the standard, and writes the same (W3C Trace Context 3.2.2)', () => {
  const header = `00-${traceId}-${spanId}-01`;
  const place = readTraceparent(header);
  assert.deepEqual(place, { traceId, spanId, traceFlags: 1 });
  assert.equal(place && writeTraceparent(place), header);
});

test('takes what a later version adds behind it, and nothing else that isn’t in the form', () => {
  assert.equal(readTraceparent(`01-${traceId}-${spanId}-01-more`)?.traceId, traceId);
  const bad = [
    undefined,
    ['00'],
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01x`,
    `00-${traceId}-${spanId}`,
  ];
  for (const header of bad) assert.equal(readTraceparent(header), undefined, String(header));
});
