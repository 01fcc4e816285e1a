// Promises 4 and 5 with a RabbitMQ that stops, dies, hangs, blocks, refuses or loses the exchange: people log in as if
// nothing were, and afterwards a consumer that was bound before has every event, in order of sequence, chained, and more
// than once only under the same id. SALLYPORT_CHAOS=1 leaves the broker away for 30 s instead of 1 or 5, and piles 100,000
// events up meanwhile, over gateways whose heap is too small for them. SALLYPORT_AWAY_MS says for how long it is away.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openDb } from '@sallyport/postgres';
import { connect } from 'amqplib';
import { recordEvents } from '../gateway/audit/store/outbox.ts';
import { testEvents } from '../gateway/audit/testing/events.ts';
import { assertReceived, exchange, startAuditConsumer } from './support/audit-consumer.ts';
import { expect } from './support/people.ts';
import { type Owner, provePassword, signUpEnrolled, signUpOwner } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { type RabbitmqServer, startRabbitmq } from './support/servers/rabbitmq.ts';
import { until } from './support/until.ts';

const { rabbitmq } = findServers();
const skip =
  process.env.TEST_BACKEND === 'embedded' ? 'the embedded default has no broker' : (rabbitmq.missing ?? false);
const chaos = process.env.SALLYPORT_CHAOS === '1';
/** Less than 100,000 events and what a part needs besides. */
const heap = chaos ? { NODE_OPTIONS: '--max-old-space-size=96' } : {};

suite('a broker that fails', { skip }, () => {
  let broker: RabbitmqServer;
  let stack: ProcessStack;
  let consumer: ReturnType<typeof startAuditConsumer>;
  let people: Owner[];

  before(async () => {
    broker = await startRabbitmq();
    consumer = startAuditConsumer(broker.url);
    await until('the consumer is bound', () => consumer.connected());
    stack = await startProcessStack({ gateways: 2, env: { ...heap, AMQP_URL: broker.url } });
    people = await Promise.all(Array.from({ length: 4 }, () => signUpOwner(stack.api)));
    await signUpEnrolled(stack.api);
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    await consumer?.close();
    await broker?.close();
  });

  /** The log as Postgres has it, once nothing waits for a number any more. */
  async function readLog(): Promise<{ sequence: number; id: string; body: string }[]> {
    await until('all is numbered', async () => (await stack.sql('select from gateway.outbox')).length === 0);
    return stack.sql('select sequence, id, body from gateway.audit_event order by sequence');
  }

  async function countWaiting(): Promise<number> {
    const [row] = await stack.sql<{ lag: number }>(
      `select h.sequence - c.sequence as lag from gateway.audit_head h, gateway.cursor c where c.name = 'relay'`,
    );
    return row?.lag ?? 0;
  }

  /** People log in on both gateways until told to end; returns how long each took. */
  function startLogins(): { count(): number; end(): Promise<number[]> } {
    let ended = false;
    const times: number[] = [];
    const run = people.map(async (owner, at) => {
      const api = stack.gateways[at % 2]?.api ?? stack.api;
      while (!ended) {
        const started = performance.now();
        expect(200, await provePassword(api, owner));
        times.push(performance.now() - started);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    return {
      count: () => times.length,
      async end() {
        ended = true;
        await Promise.all(run);
        return times;
      },
    };
  }

  async function assertAllArrive(what: string): Promise<void> {
    const log = await readLog();
    const started = performance.now();
    const last = String(log.at(-1)?.sequence);
    await until('the last event arrives', () => consumer.messages.some(({ event }) => event.sequence === last), {
      ms: 60_000,
    });
    const seconds = (performance.now() - started) / 1_000;
    // A checkpoint may come meanwhile.
    const arrived = consumer.messages.filter(({ event }) => Number(event.sequence) <= log.length);
    const doubles = assertReceived(
      arrived,
      log.map((row) => row.body),
    );
    console.log(`# ${what}: ${log.length} events, ${doubles} twice, the last one after ${seconds.toFixed(1)} s`);
  }

  /** Once a queue that is bound like any other takes nothing more, the broker answers each event with a nack. */
  async function fill(): Promise<void> {
    const operator = await connect(broker.url);
    const channel = await operator.createChannel();
    await channel.assertQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    channel.sendToQueue('full', Buffer.from('x'));
    await channel.bindQueue('full', exchange, '#');
    await operator.close();
  }

  async function empty(): Promise<void> {
    const operator = await connect(broker.url);
    await (await operator.createChannel()).deleteQueue('full');
    await operator.close();
  }

  /** What guest may write to; the broker asks for it anew on a new connection. */
  async function permit(write: string): Promise<void> {
    await broker.control('set_permissions', 'guest', '.*', write, '.*');
    await broker.control('close_all_connections', 'permissions changed');
  }

  const alarm = (at: string) => broker.control('set_vm_memory_high_watermark', 'absolute', at);

  for (const [how, awayMs, away, back] of [
    ['stopped', 5_000, () => broker.stop(), () => broker.start()],
    ['killed', 5_000, () => broker.kill(), () => broker.start()],
    ['hung', 5_000, async () => broker.suspend(), async () => broker.resume()],
    ['blocking publishers', 1_000, () => alarm('1MB'), () => alarm('1GB')],
    ['refusing what is published', 1_000, fill, empty],
    ['giving no permission', 1_000, () => permit(`^(?!${exchange}$)`), () => permit('.*')],
  ] as const) {
    test(`${how}: logins go on, and every event arrives afterwards, in order`, async () => {
      await assertAllArrive('before');
      const calm = startLogins();
      await until('some log in', () => calm.count() > 20);
      const before = median(await calm.end());
      const logins = startLogins();
      await away();
      const ms = Number(process.env.SALLYPORT_AWAY_MS ?? (chaos ? 30_000 : awayMs));
      const end = performance.now() + ms;
      const isOver = () => performance.now() > end && logins.count() > 20;
      await until('the broker was away for long enough', isOver, { ms: ms + 60_000 });
      for (const { opsUrl } of stack.gateways) {
        const readiness = await fetch(`${opsUrl}/readyz`);
        assert.equal(readiness.status, 200, 'the broker makes nobody unready');
      }
      const times = await logins.end();
      console.log(`# ${times.length} logins meanwhile, median ${median(times)} ms, ${before} ms before`);
      await readLog();
      assert.ok((await countWaiting()) > 0, 'events wait');
      await back();
      await assertAllArrive(how);
    });
  }

  test('away while 100,000 events pile up: they fit in no heap, and all arrive', {
    skip: chaos ? false : 'SALLYPORT_CHAOS is not set',
    timeout: 600_000,
  }, async () => {
    const megabytes = () => Promise.all(stack.gateways.map(readMegabytes));
    const db = openDb({ url: stack.databaseUrl, name: 'test', max: 1, deadlineMs: 20_000 });
    await broker.stop();
    const pids = stack.parts.map((part) => part.pid());
    const before = await megabytes();
    for (let round = 0; round < 200; round += 1) await recordEvents(db, { collected: [], own: testEvents(500) });
    await db.close();
    await until('all is numbered', async () => (await stack.sql('select from gateway.outbox')).length === 0, {
      ms: 300_000,
      everyMs: 250,
    });
    assert.ok((await countWaiting()) >= 100_000);
    const full = await megabytes();
    await broker.start();
    const most = [...full];
    const arrived = async () => {
      for (const [at, size] of (await megabytes()).entries()) most[at] = Math.max(most[at] ?? 0, size);
      return (await countWaiting()) === 0;
    };
    await until('all are published', arrived, { ms: 300_000, everyMs: 250 });
    console.log(`# resident MB of the gateways: ${before} before, ${full} with all of it waiting, ${most} at most`);
    assert.deepEqual(
      stack.parts.map((part) => part.pid()),
      pids,
    );
    await assertAllArrive('after 100,000');
  });

  // The last one: what collects the events is bound no more after it.
  test('without its exchange: it is declared again, and every event arrives', async () => {
    await using opened = new AsyncDisposableStack();
    const operator = await connect(broker.url);
    opened.defer(() => operator.close());
    await (await operator.createChannel()).deleteExchange(exchange);
    const logins = startLogins();
    await until('some log in', () => logins.count() > 20);
    await logins.end();
    const channel = await operator.createChannel();
    // Whoever had a binding to it has to bind again; what was published before that is in the stream.
    await until('the exchange is back', async () => {
      const probe = await connect(broker.url);
      const found = await probe
        .createChannel()
        .then((each) => each.on('error', () => undefined).checkExchange(exchange))
        .then(
          () => true,
          () => false,
        );
      await probe.close().catch(() => undefined);
      return found;
    });
    const log = await readLog();
    await until('all is published', async () => (await countWaiting()) === 0);
    const bodies = new Set<string>();
    await channel.prefetch(500);
    await channel.consume(
      'sallyport.audit.all',
      (message) => {
        if (!message) return;
        bodies.add(message.content.toString());
        channel.ack(message);
      },
      { arguments: { 'x-stream-offset': 'first' } },
    );
    await until('the stream has all', () => bodies.size >= log.length);
    assert.deepEqual(
      [...bodies].slice(0, log.length),
      log.map((row) => row.body),
    );
  });
});

async function readMegabytes({ opsUrl }: { opsUrl: string }): Promise<number> {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
  return Math.round(Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / 2 ** 20);
}

function median(times: number[]): number {
  return Math.round(times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0);
}
