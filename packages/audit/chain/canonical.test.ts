import assert from 'node:assert/strict';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { AuditData, Personal } from '../event/audit-data.ts';
import { RecordedBody } from '../event/event-body.ts';
import { canonical } from './canonical.ts';

const keys = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '1', '2', '10', 'a', 'b', 'toJSON', '__proto__'),
);
const values = fc.object({
  key: keys,
  values: [fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean()],
});

/** The same with its keys in order, as far as an object can hold them so. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, inOrder(member)]));
}

const outcomeOf = (write: () => string | undefined) => {
  try {
    return write();
  } catch {
    return 'none';
  }
};

test('is what the library says, whatever the order of keys', () => {
  fc.assert(
    fc.property(values, (value) => {
      for (const form of [value, inOrder(value) as object, [value, inOrder(value)]]) {
        assert.equal(
          outcomeOf(() => canonical(form)),
          outcomeOf(() => canonicalize(form)),
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

test('takes nothing that has no canonical form, and what is undefined or knows its own JSON as the library does', () => {
  const circle: { a?: object } = {};
  circle.a = circle;
  for (const none of [{ a: '\ud800' }, { '\ud800': 1 }, { a: Number.NaN }, [Number.POSITIVE_INFINITY], circle]) {
    assert.throws(() => canonical(none));
  }
  let deep: object = [];
  for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
  const others = [{ a: undefined, b: 1 }, [undefined, -0], { a: new Date(0) }, { a: { toJSON: () => 'x' } }, deep];
  for (const other of others) assert.equal(canonical(other), canonicalize(other));
});

test('members of events stand in order in their schemas, so that the quick way is taken', () => {
  for (const { shape } of [RecordedBody, AuditData, Personal]) {
    assert.deepEqual(Object.keys(shape), Object.keys(shape).sort());
  }
});
