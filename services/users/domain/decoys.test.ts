import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Queryable } from '@sallyport/postgres';
import fc from 'fast-check';
import { drawKind, openDecoys } from './decoys.ts';

const old = { cost: 10, pepperId: 'a', accounts: 30 };
const now = { cost: 12, pepperId: 'b', accounts: 70 };
const current = { cost: 12, pepperId: 'b' };
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('kinds are drawn as often as accounts have them', () => {
  fc.assert(
    fc.property(share, (at) => {
      assert.equal(drawKind([old, now], current, at).cost, at * 100 < 70 ? 12 : 10);
    }),
  );
});

test('a name that draws the current kind keeps it as the table moves on', () => {
  fc.assert(
    fc.property(share, fc.nat({ max: 30 }), (at, moved) => {
      const later = [
        { ...old, accounts: 30 - moved },
        { ...now, accounts: 70 + moved },
      ];
      if (drawKind([old, now], current, at).cost === 12) assert.equal(drawKind(later, current, at).cost, 12);
    }),
  );
});

test('an empty table gives the current kind', () => {
  assert.deepEqual(drawKind([], current, 0.5), current);
});

test('one name always draws the same kind, and names spread over all kinds', async () => {
  const db = { query: async () => [old, now] } as unknown as Queryable;
  const logger = { warn() {} } as never;
  const decoys = await openDecoys({ db, key: { id: 'b', bytes: Buffer.alloc(32, 1) }, current, logger });
  const drawn = Array.from({ length: 2_000 }, (_, at) => decoys.kindFor(`name${at}`).cost);
  assert.deepEqual(
    drawn,
    drawn.map((_, at) => decoys.kindFor(`name${at}`).cost),
  );
  const share12 = drawn.filter((cost) => cost === 12).length / drawn.length;
  assert.ok(share12 > 0.65 && share12 < 0.75, String(share12));
  decoys.close();
});
