import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noHash } from '@sallyport/audit/log';
import type { Db } from '@sallyport/postgres';
import { databaseMissing } from '../../test/support/database.ts';
import { numberPage } from './number-page.ts';
import { sequencePage } from './sequence.ts';
import { appendPage, preparePartitions, readOutbox } from './store/log.ts';
import { recordEvents, takeOver } from './store/outbox.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { readVerifiedLog } from './testing/chain.ts';
import { testEvent, testEvents } from './testing/events.ts';
import { numbering } from './testing/numbering.ts';

const skip = databaseMissing;

async function drain(db: Db): Promise<number> {
  let numbered = 0;
  while (true) {
    const result = await sequencePage({ db, ...numbering });
    numbered += result.types.filter((type) => type !== 'sallyport.audit.checkpoint').length;
    if (!result.again) return numbered;
  }
}

test('two sequencers at once leave no gap and no fork over 2,000 events', { skip }, async () => {
  await using database = await openAuditDatabase();
  const gateways = [database.db, database.openAnother()] as const;
  let recording = true;
  const record = async () => {
    for (let batch = 0; batch < 40; batch++) {
      await recordEvents(gateways[batch % 2 === 0 ? 0 : 1], { collected: [], own: testEvents(50) });
    }
    recording = false;
  };
  const sequence = async (db: Db) => {
    let numbered = 0;
    while (recording) numbered += await drain(db);
    return numbered + (await drain(db));
  };
  const [, ...counts] = await Promise.all([record(), ...gateways.map(sequence)]);
  assert.equal(
    counts.reduce((a, b) => a + b),
    2_000,
  );
  const log = await readVerifiedLog(database.db);
  assert.equal(log.length, 2_000);
  assert.equal(new Set(log.map((event) => event.id)).size, 2_000);
});

test('a sequencer that was stopped between reading and writing changes nothing', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await recordEvents(db, { collected: [], own: testEvents(3) });
  const stale = await readOutbox(database.openAnother(), 500);
  await drain(db);
  await recordEvents(db, { collected: [], own: testEvents(1) });
  assert.equal(await appendPage(db, stale.head, numberPage(stale.head, stale.rows, numbering.publicUrl)), false);
  await drain(db);
  assert.equal((await readVerifiedLog(db)).length, 4);
});

test('invalid and foreign events go to quarantine once, and the log goes on', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const invalid = { source: 'users' as const, id: testEvent().id, body: '{"nul":"\0"}' };
  const foreign = { source: 'users' as const, ...testEvent('sallyport.login.succeeded') };
  await takeOver(db, [invalid, foreign]);
  const stale = await readOutbox(db, 500);
  await drain(db);
  await appendPage(db, stale.head, numberPage(stale.head, stale.rows, numbering.publicUrl));
  await recordEvents(db, { collected: [], own: [testEvent()] });
  await drain(db);
  assert.equal((await readVerifiedLog(db)).length, 1);
  const rows = await db.query('select event_id, reason from gateway.audit_quarantine order by reason');
  assert.deepEqual(rows, [
    { event_id: foreign.id, reason: 'foreign-type' },
    { event_id: invalid.id, reason: 'not-json' },
  ]);
});

test('the log is append-only', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await recordEvents(db, { collected: [], own: [testEvent()] });
  await drain(db);
  for (const attack of [
    "update gateway.audit_log set body = ''",
    'delete from gateway.audit_log',
    'truncate gateway.audit_log',
    'truncate gateway.audit_log_0',
    "update gateway.audit_log_0 set type = 'x'",
    'delete from gateway.audit_log_0',
  ]) {
    await assert.rejects(db.query(attack), /append-only/);
  }
  assert.equal((await readVerifiedLog(db)).length, 1);
});

test('partitions are made ahead, by several gateways at once, and crossed', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await db.query('update gateway.audit_head set sequence = 1999995, hash = $1', [noHash]);
  const other = database.openAnother();
  await Promise.all([db, other, db, other].map(preparePartitions));
  await recordEvents(db, { collected: [], own: testEvents(10) });
  assert.equal(await drain(db), 10);
  const found = await db.query<{ table: string; events: number }>(
    `select tableoid::regclass::text as table, count(*) as events from gateway.audit_log
     where type <> 'sallyport.audit.checkpoint' group by 1 order by 1`,
  );
  assert.deepEqual(found, [
    { table: 'gateway.audit_log_1', events: 4 },
    { table: 'gateway.audit_log_from_2000000', events: 6 },
  ]);
});
