import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { openDb } from './db.ts';
import { migrate, pendingMigrations } from './migrate.ts';

test('applies each file once, whoever starts at once, and refuses a changed one', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-migrations-'));
  const db = openDb({ url: database.url, name: 'test' });
  const migrations = { schema: 'part', folder };
  try {
    await writeFile(join(folder, '0001_first.sql'), 'create table part.a (x int); insert into part.a values (1);');
    assert.deepEqual(await pendingMigrations(db, migrations), ['0001_first.sql']);
    const applied = await Promise.all([1, 2, 3].map(() => migrate(db, migrations)));
    assert.deepEqual(applied.flat(), ['0001_first.sql']);
    await writeFile(join(folder, '0002_second.sql'), 'insert into part.a values (2); select nonsense;');
    await assert.rejects(migrate(db, migrations));
    assert.deepEqual(await db.query('select x from part.a'), [{ x: 1 }]);
    await writeFile(join(folder, '0001_first.sql'), 'create table part.b (x int);');
    await assert.rejects(migrate(db, migrations), /0001_first.sql was changed/);
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
});

test('an older version runs on what a newer one only added, and not where it took something away or went another way', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-migrations-'));
  const db = openDb({ url: database.url, name: 'test' });
  const migrations = { schema: 'part', folder };
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  try {
    await write('0001_first.sql', 'create table part.a (x int);');
    await write('0002_more.sql', 'alter table part.a add y int;');
    await migrate(db, migrations);
    await rm(join(folder, '0002_more.sql'));
    assert.deepEqual(await pendingMigrations(db, migrations), []);
    assert.deepEqual(await migrate(db, migrations), []);
    await write('0003_other.sql', 'alter table part.a add z int;');
    const went = /migrated by a newer version \(0002_more.sql\)/;
    await assert.rejects(pendingMigrations(db, migrations), went);
    await assert.rejects(migrate(db, migrations), went);
    await rm(join(folder, '0003_other.sql'));
    await write('0002_more.sql', 'alter table part.a add y int;');
    await write('0003_less.contract.sql', 'alter table part.a drop x;');
    assert.deepEqual(await migrate(db, migrations), ['0003_less.contract.sql']);
    await rm(join(folder, '0003_less.contract.sql'));
    const shrunk = /migrated by a newer version \(0003_less.contract.sql\)/;
    await assert.rejects(pendingMigrations(db, migrations), shrunk);
    await assert.rejects(migrate(db, migrations), shrunk);
  } finally {
    await db.close();
    await rm(folder, { recursive: true });
  }
});

test('says that Postgres is away, never a stack of its own', { skip: databaseMissing }, async () => {
  const db = openDb({ url: 'postgres://nobody@127.0.0.1:1/none', name: 'test' });
  await assert.rejects(db.query('select 1'), { name: 'Unavailable', dependency: 'postgres' });
  await assert.rejects(
    db.transaction(async () => 1),
    { name: 'Unavailable' },
  );
  await db.close();
});
