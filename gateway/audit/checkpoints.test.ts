import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AuditEvent, CheckpointData, judgeSignature } from '@sallyport/audit/log';
import type { Db } from '@sallyport/postgres';
import { databaseMissing } from '../../test/support/database.ts';
import { sequencePage } from './sequence.ts';
import { findLog } from './store/log.ts';
import { recordEvents } from './store/outbox.ts';
import { age } from './testing/age.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { testEvent, testEvents } from './testing/events.ts';
import { auditKeys, numbering } from './testing/numbering.ts';

const skip = databaseMissing;
const type = 'sallyport.audit.checkpoint';

async function number(db: Db, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 500) {
    await recordEvents(db, { collected: [], own: testEvents(Math.min(left, 500)) });
    await sequencePage({ db, ...numbering });
  }
}

async function readAll(db: Db): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  while (true) {
    const rows = await findLog(db, events.length, 1_000);
    events.push(...rows.map((row) => AuditEvent.parse(JSON.parse(row.body))));
    if (rows.length < 1_000) return events;
  }
}

/** Holds each checkpoint to the events that it covers; returns them. */
function verifyCheckpoints(events: readonly AuditEvent[]): CheckpointData[] {
  let from = 1;
  const found: CheckpointData[] = [];
  for (const event of events.filter((one) => one.type === type)) {
    const data = CheckpointData.parse(event.data);
    const to = Number(event.sequence) - 1;
    const covered = events.slice(from - 1, to);
    assert.deepEqual([data.from, data.to, data.head], [String(from), String(to), events[to - 1]?.hash]);
    const counted = Object.values(data.types).reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted, covered.length);
    for (const [name, { count, digest }] of Object.entries(data.types)) {
      const hashes = covered.filter((one) => one.type === name).map((one) => one.hash);
      assert.equal(count, hashes.length);
      assert.equal(digest, createHash('sha256').update(hashes.join('')).digest('hex'));
    }
    assert.equal(judgeSignature(data, auditKeys), 'valid');
    from = Number(event.sequence);
    found.push(data);
  }
  return found;
}

test('a checkpoint after at most 1,500 events covers every event from the last one on', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await number(db, 3_200);
  const events = await readAll(db);
  const checkpoints = verifyCheckpoints(events);
  assert.ok(checkpoints.length >= 2, `${checkpoints.length} checkpoints`);
  assert.equal(new Set(checkpoints.map((each) => each.log_id)).size, 1);
});

test('what stands for 10 s is covered, once, and an idle log gets no checkpoint', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const round = () => sequencePage({ db, ...numbering });
  await number(db, 3);
  assert.deepEqual((await round()).types, []);
  await age(db, '10 seconds');
  assert.deepEqual((await round()).types, [type]);
  await age(db, '1 hour');
  assert.deepEqual((await round()).types, []);
  await recordEvents(db, { collected: [], own: [testEvent()] });
  assert.deepEqual((await round()).types, ['sallyport.login.succeeded']);
  await age(db, '10 seconds');
  assert.deepEqual((await round()).types, [type]);
  const [first, second] = verifyCheckpoints(await readAll(db));
  assert.deepEqual([first?.to, second?.from, second?.to], ['3', '4', '5']);
});

test('of two gateways that make a checkpoint at once one writes it', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await number(db, 3);
  await age(db, '10 seconds');
  const others = [db, database.openAnother(), database.openAnother()];
  const results = await Promise.all(others.map((each) => sequencePage({ db: each, ...numbering })));
  assert.equal(results.flatMap((result) => result.types).length, 1);
  assert.equal(verifyCheckpoints(await readAll(db)).length, 1);
});
