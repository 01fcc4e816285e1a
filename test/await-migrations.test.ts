// `npm run migrate -- --wait PART`: what holds a part up in Kubernetes until the Job has migrated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrateAll } from '../supervisor/migrations.ts';
import { createTestDatabase, databaseMissing, runOn } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';
import { until } from './support/until.ts';

const command = 'supervisor/migrate.ts';

test('waits until somebody else has migrated, and not longer', { skip: databaseMissing }, async () => {
  await using database = await createTestDatabase();
  const waiting = runCommand(command, ['--wait', 'users'], { DATABASE_URL: database.url });
  await until('it waits', () => waiting.output().includes('users waits: the database lacks 0001_accounts.sql'));
  await migrateAll(database.url);
  const { code, output, log } = await waiting.ended;
  assert.deepEqual([code, log], [0, '']);
  assert.match(output, /the database has what users needs\n$/);
});

test('waits while PostgreSQL is away, and not for what never comes', { skip: databaseMissing }, async () => {
  const away = runCommand(command, ['--wait', 'otp'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  await until('it says so', () => away.output().includes('otp waits: PostgreSQL is away'));
  away.kill();
  await away.ended;
  await using database = await createTestDatabase();
  await migrateAll(database.url);
  await runOn(
    database.url,
    "insert into otp.migration (name, checksum) values ('9999_smaller.contract.sql', 'of another version')",
  );
  const late = await runCommand(command, ['--wait', 'otp'], { DATABASE_URL: database.url }).ended;
  assert.equal(late.code, 1);
  assert.match(late.log, /schema otp was migrated by a newer version \(9999_smaller\.contract\.sql\)/);
  for (const args of [['--wait'], ['--wait', 'nobody'], ['--force']])
    assert.equal((await runCommand(command, args, { DATABASE_URL: database.url }).ended).code, 1, args.join(' '));
});
