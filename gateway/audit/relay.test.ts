import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeTurns } from '@sallyport/audit/log';
import type { Db } from '@sallyport/postgres';
import type { ConsumeMessage } from 'amqplib';
import { databaseMissing } from '../../test/support/database.ts';
import { startProxy } from '../../test/support/proxy.ts';
import { startLoop } from './loop.ts';
import { relay } from './relay.ts';
import { sequencePage } from './sequence.ts';
import { getCursor, moveCursor } from './store/cursor.ts';
import { findEvents } from './store/find-events.ts';
import { readOutbox } from './store/log.ts';
import { recordEvents } from './store/outbox.ts';
import { openAuditDatabase } from './testing/audit-database.ts';
import { testEvents } from './testing/events.ts';
import { numbering } from './testing/numbering.ts';
import { silent } from './testing/silent.ts';
import { brokerMissing, type TappedBroker, tapBroker } from './testing/tapped-broker.ts';
import { until } from './testing/until.ts';

const skip = databaseMissing || brokerMissing;

/** Returns the number of the last event. */
async function log(db: Db, count: number): Promise<number> {
  for (let left = count; left > 0; left -= 500) {
    await recordEvents(db, { collected: [], own: testEvents(Math.min(left, 500)) });
    await sequencePage({ db, ...numbering });
  }
  return (await readOutbox(db, 1)).head.sequence;
}

function startRelay(db: Db, broker: TappedBroker, ...ports: number[]) {
  const through = (port: number) => Object.assign(new URL(broker.url), { host: `127.0.0.1:${port}` }).href;
  const nextUrl = takeTurns(ports.length === 0 ? [broker.url.href] : ports.map(through));
  const state = { connected: false, connections: 0 };
  const options = {
    db,
    names: broker.names,
    active: () => true,
    onConnected(connected: boolean) {
      state.connected = connected;
      if (connected) state.connections += 1;
    },
    onPublished: () => undefined,
  };
  const loop = startLoop({
    name: 'relay',
    logger: silent,
    now: Date.now,
    everyMs: 200,
    active: () => true,
    round: (round) => relay({ ...options, url: nextUrl() }, round),
  });
  return { state, ...loop };
}

const bodyOf = (message: ConsumeMessage) => message.content.toString();

/** Every event of the log is in the stream, first arrivals in order; what came twice is the same. */
async function assertPublished(db: Db, messages: ConsumeMessage[]): Promise<void> {
  const first = new Map<string, string>();
  for (const message of messages) {
    const id = String(message.properties.messageId);
    if (first.has(id)) assert.equal(bodyOf(message), first.get(id));
    else first.set(id, bodyOf(message));
  }
  const bodies: string[] = [];
  while (true) {
    const page = await findEvents(db, { after: bodies.length, limit: 1_000 });
    if (page.length === 0) break;
    bodies.push(...page.map((event) => event.body));
  }
  assert.deepEqual([...first.values()], bodies);
}

test('publishes the log in order, each event once while nothing breaks', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  const { db } = database;
  const before = await log(db, 1_200);
  const running = startRelay(db, broker);
  await until(async () => (await getCursor(db, 'relay')) === before, 'all published');
  const last = await log(db, 1);
  running.nudge();
  await until(async () => (await getCursor(db, 'relay')) === last, 'the next one published');
  await running.close();
  const messages = await broker.readStream(last);
  assert.equal(messages.length, last);
  await assertPublished(db, messages);
  const [message] = messages;
  const event = JSON.parse(message ? bodyOf(message) : '');
  assert.equal(message?.fields.routingKey, event.type);
  assert.equal(message?.properties.messageId, event.id);
  assert.equal(message?.properties.contentType, 'application/cloudevents+json');
  assert.equal(message?.properties.deliveryMode, 2);
});

test('a node of the broker that is lost is left for the next one, and nothing is lost', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  const open = () => startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  await using first = await open();
  await using second = await open();
  const { db } = database;
  const running = startRelay(db, broker, first.port, second.port);
  for (const lost of [first, second]) {
    await log(db, 300);
    await lost.refuse();
    lost.cut();
    const last = await log(db, 300);
    await until(async () => (await getCursor(db, 'relay')) === last, 'all published by the other');
    await lost.accept();
  }
  await running.close();
  await assertPublished(db, await broker.readStream(1_200));
});

test('a connection cut in the middle loses nothing and doubles only with the same id', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const { db } = database;
  const last = await log(db, 3_000);
  proxy.slow(5);
  const running = startRelay(db, broker, proxy.port);
  for (const progress of [300, 900, 1_800]) {
    await until(async () => (await getCursor(db, 'relay')) >= progress, `${progress} published`);
    proxy.cut();
  }
  await until(async () => (await getCursor(db, 'relay')) === last, 'all published', 20_000);
  await running.close();
  assert.ok(running.state.connections >= 4);
  await assertPublished(db, await broker.readStream(last));
});

test('an event that the broker returns holds the cursor until it can be routed', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  const { db } = database;
  const running = startRelay(db, broker);
  await until(() => running.state.connected, 'connected');
  await broker.channel.unbindQueue(broker.names.queue, broker.names.exchange, '#');
  await log(db, 300);
  running.nudge();
  await until(async () => (await getCursor(db, 'relay')) === 300, 'published after a new start');
  await running.close();
  assert.equal(running.state.connections, 2);
  await assertPublished(db, await broker.readStream(300));
});

test('a broker that hangs is left after 5 s without progress, and a close does not wait for it', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const { db } = database;
  const running = startRelay(db, broker, proxy.port);
  await until(() => running.state.connected, 'connected');
  proxy.stall();
  await log(db, 600);
  running.nudge();
  await until(() => !running.state.connected, 'given up', 20_000);
  assert.equal(await getCursor(db, 'relay'), 0);
  proxy.resume();
  await until(async () => (await getCursor(db, 'relay')) === 600, 'published', 15_000);
  proxy.stall();
  await log(db, 1);
  running.nudge();
  await sleep(100);
  const started = performance.now();
  await running.close();
  assert.ok(performance.now() - started < 4_000, 'well before those 5 s');
  proxy.resume();
  // What it had sent may have arrived or not: the next one goes on from the cursor.
  const next = startRelay(db, broker);
  await until(async () => (await getCursor(db, 'relay')) === 601, 'published by the next one');
  await next.close();
  await assertPublished(db, await broker.readStream(601));
});

test('a relay whose cursor was moved by another one starts again from where it stands', { skip }, async () => {
  await using database = await openAuditDatabase();
  await using broker = await tapBroker();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const { db } = database;
  const zombie = startRelay(database.openAnother(), broker, proxy.port);
  await until(() => zombie.state.connected, 'connected');
  proxy.stall();
  await log(db, 200);
  zombie.nudge();
  await sleep(300);
  const leader = startRelay(db, broker);
  await until(async () => (await getCursor(db, 'relay')) === 200, 'published by the leader');
  await leader.close();
  proxy.resume();
  await until(() => zombie.state.connections === 2, 'the zombie starts again');
  assert.equal(await getCursor(db, 'relay'), 200);
  assert.equal(await moveCursor(db, 'relay', 0, 100), false);
  await zombie.close();
  await assertPublished(db, await broker.readStream(200));
});
