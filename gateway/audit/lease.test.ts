import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '../../test/support/database.ts';
import { startLease } from './lease.ts';
import { holdLease, releaseLease } from './store/lease.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';

const skip = databaseMissing;

test('one holds a lease; another takes it over when it ran out or was given back', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  assert.equal(await holdLease(db, 'audit', 'a', 5), true);
  assert.equal(await holdLease(db, 'audit', 'a', 5), true);
  assert.equal(await holdLease(db, 'audit', 'b', 5), false);
  await db.query(`update gateway.lease set until = clock_timestamp() - interval '1 ms'`);
  assert.equal(await holdLease(db, 'audit', 'b', 5), true);
  assert.equal(await holdLease(db, 'audit', 'a', 5), false);
  await releaseLease(db, 'audit', 'a');
  assert.equal(await holdLease(db, 'audit', 'a', 5), false);
  await releaseLease(db, 'audit', 'b');
  assert.equal(await holdLease(db, 'audit', 'a', 5), true);
});

test('of simultaneous takers exactly one gets the lease', { skip }, async () => {
  await using database = await openAuditDatabase();
  const takers = Array.from({ length: 20 }, (_, at) => holdLease(database.db, 'audit', `gateway-${at}`, 5));
  assert.equal((await Promise.all(takers)).filter(Boolean).length, 1);
});

test('a gateway that closes hands the lease on', { skip }, async () => {
  await using database = await openAuditDatabase();
  const start = (holder: string) =>
    startLease({
      db: database.db,
      name: 'audit',
      holder,
      logger: silent,
      now: Date.now,
      onHeld: () => undefined,
    });
  const first = start('a');
  await until(first.held, 'a holds it');
  const second = start('b');
  assert.equal(second.held(), false);
  await first.close();
  assert.equal(first.held(), false);
  await until(second.held, 'b holds it', 3_000);
  await second.close();
});
