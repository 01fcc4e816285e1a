import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { migrate, openDb } from '@sallyport/postgres';
import { Registry } from 'prom-client';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { startProxy } from '../../test/support/proxy.ts';
import { gatewayMigrations } from '../migrations.ts';
import { type AuditPipeline, startAuditPipeline } from './start-pipeline.ts';
import { findEvents } from './store/find-events.ts';
import { recordEvents } from './store/outbox.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { readVerifiedLog } from './testing/chain.ts';
import { testEvent, testEvents } from './testing/events.ts';
import { fakeOutbox, fakeService } from './testing/fake-service.ts';
import { numbering } from './testing/numbering.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';

const skip = databaseMissing;

function common() {
  const none = () => ({ flags: [] });
  const outboxes = { users: fakeOutbox(), otp: fakeOutbox() };
  return {
    outboxes,
    users: fakeService('users', { ...outboxes.users.answers, 'GET /flags': none }),
    otp: fakeService('otp', { ...outboxes.otp.answers, 'GET /flags': none }),
    publicUrl: 'https://login.example',
    logger: silent,
    now: Date.now,
    randomBytes,
    key: numbering.key,
    retention: { logDays: 0, personalDays: 0 },
    raiseFence: async () => undefined,
    carryOutResets: async () => false,
  };
}

test('of two gateways one works; events of both are readable within 2 s, also after it stopped', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const options = common();
  const start = (holder: string) =>
    startAuditPipeline({ ...options, db: database.openAnother(), registry: new Registry(), holder });
  const gateways = [start('a'), start('b')];
  const readable = (count: number) => async () => (await findEvents(db, { after: 0, limit: 1_000 })).length === count;
  const record = async (gateway: AuditPipeline | undefined, count: number) => {
    await recordEvents(db, { collected: [], own: testEvents(count) });
    gateway?.nudge();
  };
  try {
    await until(async () => (await db.query('select from gateway.lease')).length === 1, 'a leader');
    for (const gateway of gateways) await record(gateway, 3);
    await until(readable(6), 'events of both', 2_000);
    options.outboxes.otp.recorded.push(testEvent('sallyport.otp.failed'));
    await until(readable(7), 'a collected event', 2_000);
    await until(() => options.outboxes.otp.acknowledged.size === 1, 'acknowledged');

    const [lease] = await db.query<{ holder: string }>('select holder from gateway.lease');
    const [leader, other] = lease?.holder === 'a' ? gateways : gateways.toReversed();
    await leader?.close();
    await record(other, 1);
    await until(readable(8), 'an event after the leader stopped', 2_500);
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.close()));
  }
  const log = await readVerifiedLog(db);
  assert.equal(log[0]?.source, 'https://login.example/gateway');
});

test('a service that is away stops nothing but its own collection', { skip }, async () => {
  await using database = await openAuditDatabase();
  const options = common();
  const registry = new Registry();
  options.users.away = true;
  options.outboxes.users.recorded.push(testEvent('sallyport.login.succeeded'));
  options.outboxes.otp.recorded.push(testEvent('sallyport.otp.failed'));
  const pipeline = startAuditPipeline({ ...options, db: database.db, registry });
  try {
    await until(async () => (await readVerifiedLog(database.db)).length === 1, "otp's event");
    options.users.away = false;
    await until(async () => /quarantined_events\{[^}]*"users"[^}]*\} 1/.test(await registry.metrics()), 'quarantine');
    assert.match(await registry.metrics(), /audit_collected_total\{source="otp"\} 1/);
  } finally {
    await pipeline.close();
  }
});

test('closes within two seconds while Postgres hangs', { skip }, async () => {
  await using database = await createTestDatabase();
  const url = new URL(database.url);
  await using proxy = await startProxy(url.hostname, Number(url.port || 5432));
  url.host = `127.0.0.1:${proxy.port}`;
  const db = openDb({ url: url.href, name: 'audit test' });
  await migrate(db, gatewayMigrations);
  const pipeline = startAuditPipeline({ ...common(), db, registry: new Registry() });
  await until(async () => (await db.query('select from gateway.lease')).length === 1, 'a leader');
  proxy.stall();
  const started = performance.now();
  await pipeline.close();
  assert.ok(performance.now() - started < 2_000);
  proxy.cut();
  proxy.resume();
  await db.close();
});
