import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresStore } from '@sallyport/audit';
import pg from 'pg';
import { createTestDatabase, databaseMissing } from '../../../../test/support/database.ts';
import { createTestLog } from '../../consume/testing/test-log.ts';
import { type Alert, followTimeline, prepareTimeline } from './timeline.ts';

const failed = 'sallyport.login.failed';
const start = Date.UTC(2026, 0, 2);

test('alerts at once for a code used twice, and once for ten failures of an account within five minutes', {
  skip: databaseMissing,
}, async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await using _closing = { [Symbol.asyncDispose]: () => pool.end() };
  await prepareTimeline(pool);
  await prepareTimeline(pool);
  const store = createPostgresStore(pool);
  await store.open();
  const alerts: Alert[] = [];
  const handlers = followTimeline({ alert: (alert) => alerts.push(alert) });
  const log = createTestLog();

  async function play(type: 'sallyport.login.failed' | 'sallyport.otp.replayed', seconds: number, about: object = {}) {
    const [event] = log.add(type);
    assert.ok(event);
    const { count = 1, subject = 'f47ac10b-58cc-4372-a567-0e02b2c3d479' } = about as {
      count?: number;
      subject?: string;
    };
    const told = {
      ...event,
      subject,
      time: new Date(start + seconds * 1_000).toISOString(),
      data: { ...event.data, count },
    };
    const { id, hash } = event;
    const mark = { id, hash, type, sequence: Number(event.sequence) };
    await store.take('timeline', mark, mark.sequence, (tools) => handlers[type]?.(told as never, tools));
  }

  for (let at = 0; at < 9; at += 1) await play(failed, at);
  await play(failed, 20, { subject: '00000000-58cc-4372-a567-0e02b2c3d479' });
  assert.deepEqual(alerts, []);
  await play(failed, 30);
  assert.deepEqual(
    alerts.map(({ rule, failures }) => [rule, failures]),
    [['many-failures', 10]],
  );
  await play(failed, 40);
  await play('sallyport.otp.replayed', 50);
  await play(failed, 1_000, { count: 9 });
  assert.deepEqual(
    alerts.map(({ rule }) => rule),
    ['many-failures', 'code-replayed'],
  );
  await play(failed, 1_001);
  assert.equal(alerts.length, 3);
  assert.equal((await pool.query('select * from alert')).rowCount, 3);
  assert.equal((await pool.query('select * from timeline')).rowCount, 15);
});
