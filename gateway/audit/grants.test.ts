import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Db, migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { createMigratedDatabase } from '../../test/support/migrated-database.ts';
import { gatewayMigrations } from '../migrations.ts';
import { retain } from './retain.ts';
import { sequencePage } from './sequence.ts';
import { preparePartitions } from './store/log.ts';
import { recordEvents } from './store/outbox.ts';
import { readVerifiedLog } from './testing/chain.ts';
import { testEvents } from './testing/events.ts';
import { numbering } from './testing/numbering.ts';

/** A role that is no superuser, the owner of everything that it makes. */
async function createOwner(url: string) {
  const name = `owner_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await using admin = { db: openDb({ url, name: 'test' }), [Symbol.asyncDispose]: () => admin.db.close() };
  await admin.db.script(`create role ${name} login password '${password}'`);
  await admin.db.script(`grant create on database ${new URL(url).pathname.slice(1)} to ${name}`);
  const own = new URL(url);
  own.username = name;
  own.password = password;
  return {
    url: own.href,
    async [Symbol.asyncDispose]() {
      const db = openDb({ url, name: 'test' });
      await db.script(`drop owned by ${name} cascade; drop role ${name}`);
      await db.close();
    },
  };
}

test('a role that owns nothing, with the grants of docs/operations.md, does all that a gateway does', {
  skip: databaseMissing,
}, async () => {
  await using database = await createMigratedDatabase();
  await using role = await createOwner(database.url);
  const admin = openDb({ url: database.url, name: 'test' });
  const db = openDb({ url: role.url, name: 'test' });
  try {
    const text = readFileSync('docs/operations.md', 'utf8');
    const grants = /```sql\n(grant usage on schema gateway[\s\S]*?)```/.exec(text)?.[1] ?? '';
    await admin.script(grants.replaceAll('sallyport_gateway', new URL(role.url).username));
    await recordEvents(db, { collected: [], own: testEvents(5) });
    await sequencePage({ db, ...numbering });
    await admin.query("update gateway.audit_head set sequence = 999999, hash = repeat('0', 64)");
    await preparePartitions(db);
    await recordEvents(db, { collected: [], own: testEvents(5) });
    await sequencePage({ db, ...numbering });
    await retain({ db, ...numbering, consumers: [], retention: { logDays: 1, personalDays: 1 } });
    await assertAppendOnly(db);
  } finally {
    await db.close();
    await admin.close();
  }
});

test('the owner of the log, no superuser, may write it, part it and not change it', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  await using owner = await createOwner(database.url);
  const db = openDb({ url: owner.url, name: 'test' });
  try {
    await migrate(db, gatewayMigrations);
    await db.script('alter table gateway.audit_log disable trigger all');
    await recordEvents(db, { collected: [], own: testEvents(5) });
    await sequencePage({ db, ...numbering });
    await preparePartitions(db);
    await retain({ db, ...numbering, consumers: [], retention: { logDays: 1, personalDays: 1 } });
    await assertAppendOnly(db);
    assert.equal((await readVerifiedLog(db)).length, 5);
  } finally {
    await db.close();
  }
});

async function assertAppendOnly(db: Db): Promise<void> {
  const tables = await db.query<{ name: string }>(
    "select 'gateway.audit_log' as name union all select partition::text from gateway.audit_partition",
  );
  assert.ok(tables.length >= 3);
  for (const { name } of tables) {
    for (const attack of [`update ${name} set type = ''`, `delete from ${name}`, `truncate ${name}`]) {
      await assert.rejects(db.query(attack), /permission denied/, attack);
    }
  }
}
