import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProxy } from '../../../test/support/proxy.ts';
import { until } from '../../../test/support/until.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import { type ConsumeOptions, consumeAudit } from './consume-audit.ts';
import { replayDeadLetters } from './replay-dead-letters.ts';
import { createMemoryStore } from './stores/memory-store.ts';
import type { Store } from './stores/store.ts';
import { startFakeGateway } from './testing/fake-gateway.ts';
import { brokerMissing, openTestExchange, type TestExchange } from './testing/test-exchange.ts';
import { createTestLog } from './testing/test-log.ts';

const skip = brokerMissing;
const login = 'sallyport.login.succeeded';
const failed = 'sallyport.login.failed';

/** A consumer that notes the numbers of what it is given, and what it says. */
async function startConsumer(broker: TestExchange, options: Partial<ConsumeOptions<object>> = {}) {
  const taken: string[] = [];
  const said: string[] = [];
  let connections = 0;
  const consumer = consumeAudit<object>({
    amqp: broker.url.href,
    exchange: broker.exchange,
    queue: broker.queue,
    store: createMemoryStore(),
    onEvent: (event: AuditEvent) => {
      taken.push(event.sequence);
    },
    retryMs: 10,
    log(_, says) {
      said.push(says);
      if (says === 'the consumer is connected') connections += 1;
    },
    ...options,
  });
  consumer.done.catch(() => undefined);
  await until('connected', () => connections > 0);
  return {
    ...consumer,
    taken,
    said,
    connections: () => connections,
    [Symbol.asyncDispose]: () => consumer.close().catch(() => undefined),
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));
const all = (count: number, type = login) => Array.from({ length: count }, () => type);

test('hands every event on once and in order, however often the broker repeats them', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(300));
  await using consumer = await startConsumer(broker);
  await broker.publish(...log.events.slice(0, 200));
  await broker.publish(...log.events.slice(50));
  await until('all taken', () => consumer.taken.length === 300);
  await until('none waits', async () => (await broker.waiting()) === 0);
  await consumer.close();
  assert.deepEqual(consumer.taken, numbers(300));
});

test('a handler that fails is tried again; one that keeps failing leaves the event to the dead letters, not its followers', {
  skip,
}, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(5));
  const tries = new Map<string, number>();
  const taken: string[] = [];
  await using consumer = await startConsumer(broker, {
    tries: 3,
    onEvent({ sequence }: AuditEvent) {
      const now = (tries.get(sequence) ?? 0) + 1;
      tries.set(sequence, now);
      if (sequence === '4' || (sequence === '2' && now < 3)) throw new Error('not today');
      taken.push(sequence);
    },
  });
  await broker.publish(...log.events);
  await until('the rest taken', () => taken.includes('5'));
  assert.deepEqual(taken, ['1', '2', '3', '5']);
  assert.deepEqual([tries.get('2'), tries.get('4'), tries.get('5')], [3, 3, 1]);
  const dead = await until('a dead letter', async () => {
    const letters = await broker.takeDead();
    return letters.length > 0 && letters;
  });
  assert.deepEqual(
    dead.map(({ reason, text }) => [reason, JSON.parse(text).sequence]),
    [['handler-failed', '4']],
  );
  await consumer.close();
});

test('what is no event, and what was altered, goes to the dead letters; the true event comes over HTTP', {
  skip,
}, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  log.add(...all(6));
  const http = { url: gateway.url, token: () => gateway.token };
  await using consumer = await startConsumer(broker, { http });
  const [one, two, three, four, five, six] = log.events as [
    AuditEvent,
    AuditEvent,
    AuditEvent,
    AuditEvent,
    AuditEvent,
    AuditEvent,
  ];
  await broker.publish(one, two);
  await broker.publishText('{"not":"an event"}');
  await broker.publishText('\u0000');
  await broker.publish({ ...three, subject: one.subject });
  await broker.publish({
    ...four,
    data: { ...four.data, personal: { ...four.data.personal, ip: '192.0.2.8' } as never },
  });
  await broker.publish(five, six);
  await until('all taken', () => consumer.taken.length === 6);
  assert.deepEqual(consumer.taken, numbers(6));
  await until('none waits', async () => (await broker.waiting()) === 0);
  assert.deepEqual(
    (await broker.takeDead()).map(({ reason }) => reason),
    ['unreadable', 'unreadable', 'altered', 'altered'],
  );
  await consumer.close();
});

test('an event that fits itself but is not the one in the log is a forgery', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  const other = createTestLog();
  other.add(...all(9));
  log.add(...all(9));
  await using consumer = await startConsumer(broker, { http: { url: gateway.url, token: () => gateway.token } });
  await broker.publish(...log.events.slice(0, 2), ...other.events.slice(2, 3), ...other.events.slice(7));
  await broker.publish(...log.events.slice(2, 4));
  await until('none waits', async () => (await broker.waiting()) === 0);
  await until('all taken', () => consumer.taken.length === 4);
  await consumer.close();
  assert.deepEqual(consumer.taken, numbers(4));
  assert.deepEqual(
    (await broker.takeDead()).map(({ reason }) => reason),
    ['not-in-the-log', 'not-in-the-log', 'not-in-the-log'],
  );
});

test('events that the queue never got are fetched before the next one, with a new token where the old one has ended', {
  skip,
}, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  log.add(...all(1_300));
  const refused: (string | undefined)[] = [];
  const token = (before?: string) => {
    refused.push(before);
    return before === undefined ? 'an old one' : gateway.token;
  };
  await using consumer = await startConsumer(broker, { http: { url: gateway.url, token } });
  await broker.publish(...log.events.slice(0, 1), ...log.events.slice(1_299));
  await until('all taken', () => consumer.taken.length === 1_300);
  assert.deepEqual(consumer.taken, numbers(1_300));
  assert.equal(refused[1], 'an old one');
  await consumer.close();
});

test('without HTTP a gap stops the consumer, or is only told if that is wanted', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(3));
  const store = createMemoryStore();
  await using strict = await startConsumer(broker, { store });
  await broker.publish(...log.events.filter(({ sequence }) => sequence !== '2'));
  await assert.rejects(strict.done, { name: 'AuditDamage', message: /missing.*"last":"1","next":"3"/ });
  assert.deepEqual(strict.taken, ['1']);
  await using lenient = await startConsumer(broker, { store, whenDamaged: 'continue' });
  await until('taken', () => lenient.taken.length === 1);
  assert.deepEqual(lenient.taken, ['3']);
  assert.ok(lenient.said.some((says) => says.includes('missing')));
});

test('a log that contradicts what was taken stops the consumer', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  const rewritten = createTestLog();
  let served = log;
  await using gateway = await startFakeGateway(() => served.events);
  log.add(...all(3));
  rewritten.add(...all(5));
  await using consumer = await startConsumer(broker, { http: { url: gateway.url, token: () => gateway.token } });
  await broker.publish(...log.events);
  await until('all taken', () => consumer.taken.length === 3);
  served = rewritten;
  await broker.publish(...rewritten.events.slice(4));
  await assert.rejects(consumer.done, { name: 'AuditDamage', message: /does not follow/ });
  assert.deepEqual(consumer.taken, numbers(3));
});

test('from the beginning: what was before the queue comes first', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  log.add(...all(7));
  const http = { url: gateway.url, token: () => gateway.token };
  await using consumer = await startConsumer(broker, { http, from: 'beginning' });
  await until('what there was', () => consumer.taken.length === 7);
  await broker.publish(...log.add(login));
  await until('what came', () => consumer.taken.length === 8);
  assert.deepEqual(consumer.taken, numbers(8));
  await consumer.close();
});

test('some types: a checkpoint shows what is missing, and it is fetched', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  const http = { url: gateway.url, token: () => gateway.token };
  await using consumer = await startConsumer(broker, { http, types: [failed] });
  const skipping = (...lost: string[]) => log.events.filter(({ sequence }) => !lost.includes(sequence));
  log.add(login, failed, login, failed, failed);
  log.addCheckpoint();
  log.add(failed, login, failed);
  log.addCheckpoint();
  log.add(login, login);
  log.addCheckpoint();
  log.add(failed);
  log.addCheckpoint();
  await broker.publish(...skipping('4', '7', '10', '14'));
  await until('all taken', () => consumer.taken.length === 6);
  await until('none waits', async () => (await broker.waiting()) === 0);
  await consumer.close();
  assert.deepEqual(
    [...consumer.taken].sort((one, other) => Number(one) - Number(other)),
    ['2', '4', '5', '7', '9', '14'],
  );
  const pages = gateway.asked.filter((path) => path.startsWith('/audit') && !path.endsWith('limit=1'));
  assert.ok(pages.every((path) => path.includes(`type=${failed}`)));
});

test('the true event of a number that a forgery has taken is damage', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  await using consumer = await startConsumer(broker, { http: { url: gateway.url, token: () => gateway.token } });
  await broker.publish(...log.add(login));
  const [forged] = log.add(login);
  log.events.pop();
  log.add(login);
  await broker.publish(forged as AuditEvent, ...log.events.slice(1));
  await assert.rejects(consumer.done, { name: 'AuditDamage', message: /forged event/ });
});

for (const types of [undefined, [login]] as const) {
  test(`a new consumer does not begin with a forgery (${types ? 'some types' : 'all events'})`, { skip }, async () => {
    await using broker = await openTestExchange();
    const [log, other] = [createTestLog(), createTestLog()];
    await using gateway = await startFakeGateway(() => log.events);
    log.add(...all(3));
    other.add(...all(3));
    const http = { url: gateway.url, token: () => gateway.token };
    await using consumer = await startConsumer(broker, { http, ...(types && { types }) });
    await broker.publish(...other.events.slice(2), ...log.events);
    await until('all taken', () => consumer.taken.length === 3);
    assert.deepEqual(consumer.taken, numbers(3));
  });
}

test('a log over HTTP that ends before what the queue has is damage, and nothing is buried', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => []);
  await using consumer = await startConsumer(broker, { http: { url: gateway.url, token: () => gateway.token } });
  await broker.publish(...log.add(login));
  await assert.rejects(consumer.done, { name: 'AuditDamage', message: /ends too early/ });
  assert.deepEqual(await broker.takeDead(), []);
});

test('some types: a checkpoint with a wrong signature is not believed', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  await using gateway = await startFakeGateway(() => log.events);
  const http = { url: gateway.url, token: () => gateway.token };
  await using consumer = await startConsumer(broker, { http, types: [failed], keys: { keys: [] } });
  log.add(failed);
  log.addCheckpoint();
  await broker.publish(...log.events);
  await assert.rejects(consumer.done, { name: 'AuditDamage', message: /none of the keys has signed/ });
});

test('a connection that is cut loses nothing, and a consumer that stops acknowledges what it has done', {
  skip,
}, async () => {
  await using broker = await openTestExchange();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const log = createTestLog();
  log.add(...all(120));
  const amqp = new URL(broker.url);
  amqp.host = `127.0.0.1:${proxy.port}`;
  // A node of the broker that is away costs a connection, whenever it has its turn.
  await using consumer = await startConsumer(broker, { amqp: `amqp://127.0.0.1:1,${amqp.href}` });
  for (const done of [20, 60]) {
    await broker.publish(...log.events.slice(done - 20, done + 20));
    await until('some taken', () => consumer.taken.length >= done);
    proxy.cut();
    await until('connected again', () => consumer.connections() >= (done === 20 ? 2 : 3));
  }
  await broker.publish(...log.events.slice(80));
  await until('all taken', () => consumer.taken.length === 120);
  assert.deepEqual(consumer.taken, numbers(120));
  await until('none waits', async () => (await broker.waiting()) === 0);
  await consumer.close();
});

test('of two consumers on one queue one is active, and the other takes over where it stopped', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(40));
  const store = createMemoryStore();
  await using first = await startConsumer(broker, { store });
  await using second = await startConsumer(broker, { store });
  await broker.publish(...log.events.slice(0, 20));
  await until('half taken', () => first.taken.length === 20);
  assert.deepEqual(second.taken, []);
  await first.close();
  await broker.publish(...log.events.slice(20));
  await until('all taken', () => second.taken.length === 20);
  assert.deepEqual([...first.taken, ...second.taken], numbers(40));
  await second.close();
});

test('a stop lets the handler finish, and its event does not come again', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(2));
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const done: string[] = [];
  await using consumer = await startConsumer(broker, {
    async onEvent({ sequence }: AuditEvent) {
      entered.resolve();
      await finish.promise;
      done.push(sequence);
    },
  });
  await broker.publish(...log.events);
  await entered.promise;
  const closed = consumer.close();
  finish.resolve();
  await closed;
  assert.deepEqual(done, ['1']);
  await until('only the second waits', async () => (await broker.waiting()) === 1);
});

test('an event that its process never survives goes to the dead letters in the end', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(2));
  await using consumer = await startConsumer(broker, { deliveryLimit: 2 });
  await consumer.close();
  await broker.publish(...log.events);
  await broker.giveBack(2);
  await using next = await startConsumer(broker, { deliveryLimit: 2 });
  await until('the next one taken', () => next.taken.length === 1);
  assert.deepEqual(next.taken, ['2']);
  assert.deepEqual(
    (await broker.takeDead()).map(({ reason }) => reason),
    ['handler-crashed'],
  );
});

for (const types of [undefined, [login]] as const) {
  test(`a store that is away is waited for with the event in hand (${types ? 'some types' : 'all events'})`, {
    skip,
  }, async () => {
    await using broker = await openTestExchange();
    const log = createTestLog();
    log.add(...all(2));
    const memory = createMemoryStore();
    let asked = 0;
    const store: Store<object> = {
      ...memory,
      find(consumer) {
        asked += 1;
        return asked <= 8 ? Promise.reject(new Error('away')) : memory.find(consumer);
      },
    };
    await using consumer = await startConsumer(broker, { store, deliveryLimit: 1, ...(types && { types }) });
    await broker.publish(...log.events);
    await until('all taken', () => consumer.taken.length === 2);
    await until('none waits', async () => (await broker.waiting()) === 0);
    await consumer.close();
    assert.equal(consumer.connections(), 1);
    assert.deepEqual(await broker.takeDead(), []);
  });
}

test('an event that was taken is no dead letter, however often it is delivered again', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(2));
  const store = createMemoryStore();
  const options = { store, deliveryLimit: 2 };
  await using consumer = await startConsumer(broker, options);
  await broker.publish(...log.events.slice(0, 1));
  await until('taken', () => consumer.taken.length === 1);
  await consumer.close();
  await broker.publish(...log.events);
  await broker.giveBack(2);
  await using next = await startConsumer(broker, options);
  await until('the next one taken', () => next.taken.length === 1);
  assert.deepEqual(await broker.takeDead(), []);
});

test('dead letters of a handler can be handed on again, each once; forgeries and what fails again stay', {
  skip,
}, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(...all(4));
  const store = createMemoryStore();
  const fails = (reason: string) => () => Promise.reject(new Error(reason));
  await using consumer = await startConsumer(broker, { store, tries: 1, onEvent: fails('broken') });
  await broker.publish(...log.events.slice(0, 3));
  await broker.publishText('no event');
  await until('given up', () => consumer.said.filter((says) => says.includes('dead-letter')).length === 4);
  await consumer.close();
  const taken: string[] = [];
  const replay = (broken?: string) =>
    replayDeadLetters<object>({
      amqp: broker.url.href,
      queue: broker.queue,
      store,
      onEvent({ sequence }: AuditEvent) {
        if (sequence === broken) throw new Error('still broken');
        taken.push(sequence);
      },
      log: () => undefined,
    });
  assert.deepEqual(await replay('2'), { done: 2, left: 2 });
  assert.deepEqual(await replay(), { done: 1, left: 1 });
  assert.deepEqual(await replay(), { done: 0, left: 1 });
  assert.deepEqual(taken, ['1', '3', '2']);
});

test('waits for an exchange that is not there yet', { skip }, async () => {
  await using broker = await openTestExchange();
  const log = createTestLog();
  log.add(login);
  await broker.channel.deleteExchange(broker.exchange);
  const said: string[] = [];
  const taken: string[] = [];
  const consumer = consumeAudit({
    amqp: broker.url.href,
    exchange: broker.exchange,
    queue: broker.queue,
    store: createMemoryStore(),
    onEvent: ({ sequence }: AuditEvent) => void taken.push(sequence),
    log: (_, says, details) => said.push(`${says} ${details?.error ?? ''}`),
  });
  await until('told', () => said.some((says) => /exchange .* is not there yet/.test(says)));
  await broker.channel.assertExchange(broker.exchange, 'topic', { durable: true });
  await until('connected', () => said.some((says) => says.startsWith('the consumer is connected')));
  await broker.publish(...log.events);
  await until('taken', () => taken.length === 1);
  await consumer.close();
});

test('refuses types that do not exist, and other options that can not be right', () => {
  const options = { amqp: 'amqp://127.0.0.1:1', queue: 'q', store: createMemoryStore(), onEvent: () => undefined };
  const types = ['login.failed'] as never;
  assert.throws(
    () => consumeAudit({ ...options, types }),
    /unknown type.*login\.failed; did you mean sallyport\.login/,
  );
  assert.throws(
    () => consumeAudit({ ...options, onEvent: { 'sallyport.nothing': () => undefined } as never }),
    /unknown/,
  );
  assert.throws(() => consumeAudit({ ...options, onEvent: {} }), /no handler/);
  assert.throws(() => consumeAudit({ ...options, types: [] }), /empty/);
  assert.throws(() => consumeAudit({ ...options, from: 'beginning' }), /wants http/);
  assert.throws(() => consumeAudit({ ...options, tries: 0 }), /tries/);
  assert.throws(() => consumeAudit({ ...options, queue: 'amq.mine' }), /queue/);
  assert.throws(() => consumeAudit({ ...options, amqp: 'user:secret@host' }), { message: 'amqp is no amqp URL' });
});
