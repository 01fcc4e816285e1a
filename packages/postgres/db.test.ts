import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '@sallyport/contracts';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { openDb, type Queryable } from './db.ts';

test('a statement that nobody waits for any more leaves Postgres too', { skip: databaseMissing }, async () => {
  await using database = await createTestDatabase();
  const db = openDb({ url: database.url, name: 'hurried', deadlineMs: 300 });
  const patient = openDb({ url: database.url, name: 'patient', deadlineMs: 10_000 });
  await patient.script('create table thing (name text); insert into thing values ($$old$$)');
  await patient.transaction(async (tx) => {
    await tx.query('select from thing for update');
    for (let round = 0; round < 3; round += 1) await assert.rejects(db.query('delete from thing'), Unavailable);
    const waiting = `select from pg_stat_activity where application_name = 'hurried' and state = 'active'`;
    assert.equal((await patient.query(waiting)).length, 0);
  });
  assert.equal((await patient.query('select from thing')).length, 1);
  await db.close();
  await patient.close();
});

test('a column that a migration adds fails no statement of a process that runs', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  const db = openDb({ url: database.url, name: 'older', max: 2 });
  const migration = openDb({ url: database.url, name: 'migration', max: 1 });
  await migration.script('create table thing (name text); insert into thing values ($$old$$)');
  const read = () => db.query('select * from thing');
  await Promise.all([read(), read()]);
  await migration.script('alter table thing add column further int');
  for (const rows of await Promise.all([read(), read(), read()]))
    assert.deepEqual(rows, [{ name: 'old', further: null }]);
  await db.transaction(async (tx) => void (await tx.query('select * from thing')));
  await db.close();
  await migration.close();
});

suite('a transaction', { skip: databaseMissing }, () => {
  test('whose connection breaks between two statements fails, and the process lives', async () => {
    await using database = await createTestDatabase();
    const db = openDb({ url: database.url, name: 'test' });
    const idOf = async (tx: Queryable) => (await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;
    const broken = db.transaction(async (tx) => {
      await db.query('select pg_terminate_backend($1)', [await idOf(tx)]);
      await sleep(100);
      await tx.query('select 1');
    });
    await assert.rejects(broken, Unavailable);
    assert.equal((await db.query('select 1')).length, 1);
    await db.close();
  });

  test('of a process that hangs loses its locks at the deadline', async () => {
    await using database = await createTestDatabase();
    const db = openDb({ url: database.url, name: 'test', deadlineMs: 300 });
    const patient = openDb({ url: database.url, name: 'test', deadlineMs: 10_000 });
    await patient.script('create table thing (name text); insert into thing values ($$old$$)');
    const rename = (tx: Queryable, name: string) => tx.query('update thing set name = $1', [name]);
    const hung = db.transaction(async (tx) => {
      await rename(tx, 'hung');
      await rename(patient, 'new');
      await tx.query('select 1');
    });
    await assert.rejects(hung, Unavailable);
    assert.deepEqual(await patient.query('select name from thing'), [{ name: 'new' }]);
    await db.close();
    await patient.close();
  });
});

test('no more than fifty statements wait for each connection: the next is refused at once', {
  skip: databaseMissing,
}, async () => {
  const db = openDb({ url: process.env.TEST_DATABASE_URL ?? '', name: 'test', max: 1 });
  try {
    const statements = Promise.allSettled(Array.from({ length: 60 }, () => db.query('select pg_sleep(0.01)')));
    await assert.rejects(db.query('select 1'), (error: Error) => {
      return error instanceof Unavailable && /too many/.test(String(error.cause));
    });
    const results = await statements;
    assert.ok(results.filter(({ status }) => status === 'fulfilled').length >= 50);
    await db.query('select 1');
  } finally {
    await db.close();
  }
});
