import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { startProxy } from '../../test/support/proxy.ts';
import { openDb } from './db.ts';
import { requireMigrated } from './require-migrated.ts';

test('a database that is too busy to answer is asked again', { skip: databaseMissing }, async () => {
  await using database = await createTestDatabase();
  const url = new URL(database.url);
  await using proxy = await startProxy(url.hostname, Number(url.port));
  const db = openDb({ url: Object.assign(url, { host: `127.0.0.1:${proxy.port}` }).href, name: 'test', max: 1 });
  try {
    proxy.stall();
    const folder = new URL('../../services/users/migrations', import.meta.url).pathname;
    const asked = requireMigrated(db, { name: 'users', url: url.href, migrations: { schema: 'users', folder } });
    // Past what one connection may take.
    void sleep(3_000).then(() => proxy.resume());
    await assert.rejects(asked, /the database lacks migrations \(0001/);
  } finally {
    await db.close();
  }
});
