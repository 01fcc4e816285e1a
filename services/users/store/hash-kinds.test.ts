import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase, databaseMissing } from '../../../test/support/database.ts';
import { usersMigrations } from '../migrations.ts';
import { countCosts, countOfPepper, findHashKinds } from './hash-kinds.ts';

const insert = `insert into users.account (id, username, password_hash, pepper_id)
  select gen_random_uuid(), $1 || number, '$2b$' || $2 || '$' || repeat('.', 53), $3 from generate_series(1, $4::int) as number`;

async function openAccounts() {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await createTestDatabase());
  const db = opened.adopt(openDb({ url, name: 'test', max: 1 }), (it) => it.close());
  await migrate(db, usersMigrations);
  const kept = opened.move();
  const add = (cost: string, pepper: string, count: number) => db.query(insert, [randomUUID(), cost, pepper, count]);
  return { db, add, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

suite('kinds of hashes', { skip: databaseMissing }, () => {
  test('are found each once, and their accounts counted over all pages', async () => {
    await using accounts = await openAccounts();
    assert.deepEqual(await findHashKinds(accounts.db), []);
    await accounts.add('10', 'a', 21_000);
    assert.deepEqual(await countCosts(accounts.db), [{ cost: 10, accounts: 1 }]);
    await accounts.add('12', 'b', 19_500);
    await accounts.add('10', 'b', 2);
    assert.deepEqual(await findHashKinds(accounts.db), [
      { cost: 10, pepperId: 'a' },
      { cost: 10, pepperId: 'b' },
      { cost: 12, pepperId: 'b' },
    ]);
    const counts = await countCosts(accounts.db);
    assert.deepEqual(
      counts.toSorted((one, other) => one.cost - other.cost),
      [
        { cost: 10, accounts: 21_002 },
        { cost: 12, accounts: 19_500 },
      ],
    );
    assert.equal(await countOfPepper(accounts.db, 'b'), 19_502);
  });
});
