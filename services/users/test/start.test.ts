import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import supertest from 'supertest';
import { createTestDatabase, databaseMissing } from '../../../test/support/database.ts';
import { lockAdmins } from '../store/admins.ts';
import { insertAccount } from '../store/insert-account.ts';
import { countEvents, openUsersDatabase, pepper, signUp, startOver } from './start-test-users.ts';

const admin = { ADMIN_USERNAME: 'Boss', ADMIN_PASSWORD: 'battery staple' };

suite('starting users', { skip: databaseMissing }, () => {
  test('says in one sentence what stands against it, and never a password', async () => {
    await assert.rejects(startOver('postgres://u:sesame@127.0.0.1:1/db'), ({ message }: Error) => {
      assert.match(message, /^users: the database at 127\.0\.0\.1:1\/db can't be used/);
      assert.doesNotMatch(message, /sesame/);
      return true;
    });
    await using empty = await createTestDatabase();
    await assert.rejects(startOver(empty.url), {
      message:
        'users: the database lacks migrations (0001_accounts.sql, 0002_coverage.sql, 0003_decoy_key.sql, 0004_hash_kinds.sql); run: npm run migrate',
    });
  });

  test('refuses a ring that lacks a pepper of the table, or has another key under a known id', async () => {
    await using database = await openUsersDatabase();
    {
      await using started = await startOver(database.url);
      await signUp(started.call, 'alice');
      await signUp(started.call, 'bob');
    }
    await assert.rejects(startOver(database.url, { PASSWORD_PEPPERS: pepper('b', 2) }), {
      message: 'PASSWORD_PEPPERS lacks keys that password hashes name: a (2 rows)',
    });
    await assert.rejects(startOver(database.url, { PASSWORD_PEPPERS: pepper('a', 3) }), {
      message: 'PASSWORD_PEPPERS: the id a stands for another key than before (2 rows)',
    });
    await using _ = await startOver(database.url, { PASSWORD_PEPPERS: `${pepper('b', 2)},${pepper('a', 1)}` });
  });

  test('creates the first admin once, however many start at once', async () => {
    await using database = await openUsersDatabase();
    const names = ['boss', 'chief', 'head', 'boss'];
    const parts = await Promise.all(names.map((name) => startOver(database.url, { ...admin, ADMIN_USERNAME: name })));
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    await using again = await startOver(database.url, { ...admin, ADMIN_USERNAME: 'another' });
    const rows = await database.db.query<{ username: string; roles: string[] }>(
      'select username, roles from users.account',
    );
    assert.equal(rows.length, 1);
    assert.deepEqual(rows[0]?.roles, ['admin']);
    assert.equal(await countEvents(database.db, 'sallyport.user.signed_up'), 1);
    const [event] = await database.db.query<{ body: string }>('select body from users.outbox');
    assert.deepEqual(JSON.parse(event?.body ?? '').data.actor, { type: 'operator', id: null });
    const login = { username: rows[0]?.username, password: admin.ADMIN_PASSWORD };
    assert.equal((await again.call('post', '/passwords/verify', login)).body.outcome, 'accepted');
  });

  test('whoever waited for another first admin creates none', async () => {
    await using database = await openUsersDatabase();
    const { db } = database;
    const waiter = async () => {
      const waits = `select from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`;
      while ((await db.query(waits)).length === 0) await setTimeout(10);
    };
    const starting = await db.transaction(async (tx) => {
      await lockAdmins(tx);
      const late = startOver(database.url, admin);
      await Promise.race([late, waiter()]);
      const hash = { hash: `$2b$04$${'.'.repeat(53)}`, pepperId: 'a' };
      const event = { id: randomUUID(), body: '{}' };
      await insertAccount(tx, { id: randomUUID(), username: 'first', hash, roles: ['admin'] }, event);
      return { late };
    });
    await using _ = await starting.late;
    assert.deepEqual(await db.query('select username from users.account'), [{ username: 'first' }]);
  });

  test('leaves an account of the admin’s name as it is', async () => {
    await using database = await openUsersDatabase();
    {
      await using started = await startOver(database.url);
      await signUp(started.call, 'boss');
    }
    await using started = await startOver(database.url, admin);
    const rows = await database.db.query('select username, roles from users.account');
    assert.deepEqual(rows, [{ username: 'boss', roles: [] }]);
    const login = { username: 'boss', password: admin.ADMIN_PASSWORD };
    assert.equal((await started.call('post', '/passwords/verify', login)).body.outcome, 'rejected');
  });

  test('refuses a weak password for the first admin', async () => {
    await using database = await openUsersDatabase();
    await assert.rejects(startOver(database.url, { ...admin, ADMIN_PASSWORD: 'password' }), {
      message: 'ADMIN_PASSWORD is too common; choose another',
    });
  });

  test('is ready while Postgres answers', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url);
    const ready = await supertest(started.part.opsUrl).get('/readyz');
    assert.deepEqual(ready.body, { status: 'ready', dependencies: { postgres: 'up' }, clock: 'up' });
  });
});
