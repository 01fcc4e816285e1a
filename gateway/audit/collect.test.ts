import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '../../test/support/database.ts';
import { acknowledgeLater } from './acknowledge-later.ts';
import { collectPage } from './collect.ts';
import { sequencePage } from './sequence.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { readVerifiedLog } from './testing/chain.ts';
import { testEvent } from './testing/events.ts';
import { fakeOutbox, fakeService } from './testing/fake-service.ts';
import { numbering } from './testing/numbering.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';

const skip = databaseMissing;
const common = { source: 'otp' as const, logger: silent, onTaken: () => undefined };

test('a collector that comes back after the event was logged and acknowledged adds nothing', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const outbox = fakeOutbox([testEvent('sallyport.otp.verified')]);
  const client = fakeService('otp', outbox.answers);
  const stopped = Promise.withResolvers<void>();
  const zombie = database.openAnother();
  const late = collectPage({
    ...common,
    client,
    db: {
      query: async (...statement) => {
        await stopped.promise;
        return zombie.query(...statement);
      },
    },
  });
  assert.equal((await collectPage({ ...common, client, db })).taken, 1);
  await sequencePage({ db, ...numbering });
  assert.equal(outbox.acknowledged.size, 1);
  stopped.resolve();
  assert.equal((await late).taken, 0);
  await sequencePage({ db, ...numbering });
  assert.equal((await readVerifiedLog(db)).length, 1);
});

test('acknowledges only after the commit, in calls that fit into a body', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const outbox = fakeOutbox(Array.from({ length: 520 }, () => testEvent('sallyport.otp.failed')));
  const client = fakeService('otp', outbox.answers);
  const failing = {
    query: () => Promise.reject(new Error('the commit failed')),
  };
  await assert.rejects(collectPage({ ...common, client, db: failing }));
  assert.equal(outbox.acknowledged.size, 0);
  assert.deepEqual(await collectPage({ ...common, client, db }), { taken: 500, again: true });
  assert.deepEqual(await collectPage({ ...common, client, db }), { taken: 20, again: false });
  assert.equal(outbox.acknowledged.size, 520);
  assert.equal(client.calls.filter((call) => call.startsWith('POST')).length, 4);
});

test('one id with other bytes is quarantined; what came first stays', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const first = testEvent('sallyport.otp.failed');
  const outbox = fakeOutbox([first]);
  const client = fakeService('otp', outbox.answers);
  await collectPage({ ...common, client, db });
  outbox.acknowledged.clear();
  outbox.recorded[0] = { id: first.id, body: first.body.replace('192.0.2.7', '192.0.2.8') };
  await collectPage({ ...common, client, db });
  await sequencePage({ db, ...numbering });
  const rows = await db.query('select event_id, reason from gateway.audit_quarantine');
  assert.deepEqual(rows, [{ event_id: first.id, reason: 'altered' }]);
  assert.equal((await readVerifiedLog(db)).length, 1);
});

test('acknowledges what requests took over in batches, in bounded memory', async () => {
  const outbox = fakeOutbox();
  const client = fakeService('users', outbox.answers);
  const later = acknowledgeLater({ users: client, otp: client });
  for (let at = 0; at < 450; at++) later.add('users', [`id-${at}`]);
  await until(() => outbox.acknowledged.size === 450, 'acknowledged');
  assert.equal(client.calls.length, 3);
  later.close();
});
