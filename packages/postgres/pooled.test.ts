// Behind a pooler in transaction mode: each statement may be the next one of a connection that another process used.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Unavailable } from '@sallyport/contracts';
import { createTestDatabase, databaseMissing, runOn } from '../../test/support/database.ts';
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startPgbouncer } from '../../test/support/servers/pgbouncer.ts';
import { openDb, type Queryable } from './db.ts';
import { warnOfSettings } from './warn-of-settings.ts';

const skip = databaseMissing || (findServers().pgbouncer.missing ?? false);
const ignoring = { ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout' };

suite('behind a pooler in transaction mode', { skip }, () => {
  test('statements get the answers of their own texts, whoever had the connection before', async () => {
    for (const settings of [{}, ignoring]) {
      await using database = await createTestDatabase();
      await using pooler = await startPgbouncer(database.url, { poolSize: 2, settings });
      const dbs = ['one', 'other'].map((name) => openDb({ url: pooler.url, name }));
      const asked = Array.from({ length: 200 }, async (_, at) => {
        const [row] = (await dbs[at % 2]?.query<{ is: number }>(`select $1::int + ${at % 7} as is`, [at])) ?? [];
        assert.equal(row?.is, at + (at % 7));
      });
      await Promise.all(asked);
      await Promise.all(dbs.map((db) => db.close()));
    }
  });

  test('a transaction of a process that hangs loses its locks at the deadline, and a statement in one ends at it', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPgbouncer(database.url);
    const db = openDb({ url: pooler.url, name: 'hurried', deadlineMs: 300 });
    const patient = openDb({ url: database.url, name: 'patient', deadlineMs: 10_000 });
    await patient.script('create table thing (name text); insert into thing values ($$old$$)');
    const rename = (tx: Queryable, name: string) => tx.query('update thing set name = $1', [name]);
    const hung = db.transaction(async (tx) => {
      await rename(tx, 'hung');
      await rename(patient, 'new');
      await tx.query('select 1');
    });
    await assert.rejects(hung, Unavailable);
    await patient.transaction(async (tx) => {
      await tx.query('select from thing for update');
      await assert.rejects(
        db.transaction((other) => rename(other, 'late')),
        (error: Unavailable) => (error.cause as { code?: string }).code === '57014',
      );
    });
    assert.deepEqual(await patient.query('select name from thing'), [{ name: 'new' }]);
    await db.close();
    await patient.close();
  });

  test('a deadline that the role lacks is warned of; one that it has holds for single statements', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPgbouncer(database.url);
    const db = openDb({ url: pooler.url, name: 'test' });
    const warned: unknown[] = [];
    const logger = { warn: (details: { setting?: string }) => void warned.push(details.setting) };
    await warnOfSettings(db, logger);
    assert.equal(warned.filter((setting) => setting === 'statement_timeout=0').length, 1);
    await db.close();

    await runOn(
      database.url,
      `alter database "${new URL(database.url).pathname.slice(1)}" set statement_timeout = 300`,
    );
    await using fresh = await startPgbouncer(database.url);
    const held = openDb({ url: fresh.url, name: 'test' });
    const before = warned.length;
    await warnOfSettings(held, logger);
    assert.ok(!warned.slice(before).includes('statement_timeout=0'));
    await assert.rejects(held.query('select pg_sleep(20)'), Unavailable);
    await held.close();
  });
});
