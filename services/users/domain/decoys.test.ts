import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, migrate, openDb, type Queryable } from '@sallyport/postgres';
import fc from 'fast-check';
import { createTestDatabase, databaseMissing } from '../../../test/support/database.ts';
import { usersMigrations } from '../migrations.ts';
import { drawCost, openDecoys } from './decoys.ts';

const old = { cost: 10, accounts: 30 };
const now = { cost: 12, accounts: 70 };
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const names = Array.from({ length: 2_000 }, (_, at) => `name${at}`);
const logger = { warn() {} } as never;

test('costs are drawn as often as accounts have them', () => {
  fc.assert(
    fc.property(share, (at) => {
      assert.equal(drawCost([old, now], at), at * 100 < 70 ? 12 : 10);
    }),
  );
});

test('a name only moves to the cost that accounts move to, be it raised or lowered', () => {
  fc.assert(
    fc.property(share, fc.nat({ max: 30 }), fc.boolean(), (at, moved, raised) => {
      const sign = raised ? 1 : -1;
      const later = [
        { ...old, accounts: 30 - sign * moved },
        { ...now, accounts: 70 + sign * moved },
      ];
      const [before, after] = [drawCost([old, now], at), drawCost(later, at)];
      if (before !== after) assert.equal(after, raised ? 12 : 10);
    }),
  );
});

test('costs are laid out by their size alone, and one that no account has yet moves no name', () => {
  fc.assert(
    fc.property(share, fc.integer({ min: 4, max: 15 }), (at, cost) => {
      assert.equal(drawCost([{ cost, accounts: 0 }, old, now], at), drawCost([now, old], at));
    }),
  );
});

test('an empty table gives the cost that is configured', async () => {
  const db = { query: async (text: string) => (text.includes('decoy_key') ? [{ bytes: Buffer.alloc(32) }] : []) };
  const decoys = await openDecoys({ db: db as unknown as Queryable, emptyCost: 12, logger });
  assert.equal(decoys.costFor('name'), 12);
  decoys.close();
});

test('a rotation of peppers changes the cost of no unknown name, at no step and on no instance', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  await using opened = new AsyncDisposableStack();
  const db = opened.adopt(openDb({ url: database.url, name: 'test', max: 1 }), (it) => it.close());
  await migrate(db, usersMigrations);
  await db.query(
    `insert into users.account (id, username, password_hash, pepper_id)
     select gen_random_uuid(), 'u' || n, '$2b$' || case when n <= 30 then '10' else '12' end || '$' || repeat('.', 53), 'k1'
     from generate_series(1, 100) n`,
  );
  const before = await drawAll(db);
  const share12 = before.filter((cost) => cost === 12).length / before.length;
  assert.ok(share12 > 0.65 && share12 < 0.75, String(share12));
  // As owners log in after step 2; those with the older cost are made anew at the current one, and stay out of this.
  await db.query("update users.account set pepper_id = 'k2' where username < 'u5' and password_hash like '$2b$12%'");
  assert.deepEqual(await drawAll(db), before);
  await db.query("update users.account set pepper_id = 'k2'");
  assert.deepEqual(await drawAll(db), before);
});

/** What an instance that starts now answers. */
async function drawAll(db: Db): Promise<number[]> {
  const decoys = await openDecoys({ db, emptyCost: 12, logger });
  decoys.close();
  return names.map(decoys.costFor);
}
