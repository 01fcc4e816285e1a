// Promise 4 while everything dies in turn: the broker, the gateways, PostgreSQL. What was recorded by then is in the log
// once, without a gap, and at a consumer that was bound before, in order, whatever came twice. The suite has a small
// round; SALLYPORT_CHAOS=1 has 100,000 events over 20 killed brokers, 20 killed gateways and 5 killed PostgreSQLs, and one
// leader that is stopped for 30 s.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDb } from '@sallyport/postgres';
import { recordEvents } from '../gateway/audit/store/outbox.ts';
import { testEvents } from '../gateway/audit/testing/events.ts';
import { assertReceived, startAuditConsumer } from './support/audit-consumer.ts';
import { attempt, provePassword, signUpOwner } from './support/process-people.ts';
import { type GatewayProcess, startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startPostgres } from './support/servers/postgres.ts';
import { startRabbitmq } from './support/servers/rabbitmq.ts';
import { until } from './support/until.ts';

const servers = findServers();
const skip =
  process.env.TEST_BACKEND === 'embedded'
    ? 'the embedded default has no broker'
    : (servers.rabbitmq.missing ?? servers.postgres.missing ?? false);
const chaos = process.env.SALLYPORT_CHAOS === '1';
const size = chaos
  ? { events: 100_000, brokers: 20, gateways: 20, postgres: 5, stoppedMs: 30_000 }
  : { events: 5_000, brokers: 1, gateways: 2, postgres: 1, stoppedMs: 5_000 };
const batch = 100;

test('whatever is killed, what was recorded arrives: none lost, no gap, no other id, in order', {
  skip,
  timeout: 1_800_000,
}, async () => {
  await using opened = new AsyncDisposableStack();
  const [broker, postgres] = [
    opened.use(await startRabbitmq()),
    opened.use(await startPostgres({ durable: true, settings: { max_connections: '200' } })),
  ];
  const consumer = startAuditConsumer(broker.url);
  opened.defer(() => consumer.close());
  await until('the consumer is bound', () => consumer.connected());
  const stack = opened.use(
    await startProcessStack({ gateways: 2, env: { AMQP_URL: broker.url }, databaseUrl: postgres.url }),
  );
  const people = await Promise.all([0, 1].map(() => signUpOwner(stack.api)));

  const recorded = new Set<string>();
  let [ended, failed] = [false, false];
  /** Records as a gateway does; what got no answer may or may not be there. */
  const record = async () => {
    const db = opened.adopt(openDb({ url: postgres.url, name: 'test' }), (it) => it.close());
    while (!failed && (recorded.size < size.events || !ended)) {
      const events = testEvents(batch);
      const written = await recordEvents(db, { collected: [], own: events }).then(
        () => true,
        () => false,
      );
      if (written) for (const { id } of events) recorded.add(id);
      // What is recorded spreads over all that is killed.
      const pause = ended ? 0 : written ? (chaos ? 200 : 100) : 250;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  let logins = 0;
  const logIn = async (at: number) => {
    const person = people[at];
    while (!ended && !failed && person) {
      const answer = await attempt(provePassword(stack.gateways[at]?.api ?? stack.api, person));
      if (answer?.status === 200) logins += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const work = Promise.all([record(), logIn(0), logIn(1)]);
  // Before the stores go, whatever fails.
  opened.defer(async () => {
    failed = true;
    await work;
  });

  await progress();
  // A broker that is killed within a second of its first stream loses that for good (RabbitMQ 3.10).
  await new Promise((resolve) => setTimeout(resolve, 2_000));

  for (const [round, what] of plan().entries()) {
    if (what === 'broker') {
      await broker.kill();
      await broker.start();
      await until('the consumer is back', () => consumer.connected(), { ms: 60_000 });
    } else if (what === 'postgres') {
      await postgres.kill();
      await postgres.start();
    } else await stack.gateways[round % 2]?.restart();
    await progress();
  }
  await stopLeader(size.stoppedMs);
  ended = true;
  await work;
  await until('all is numbered', async () => (await read<object>('select from gateway.outbox')).length === 0, {
    ms: 300_000,
  });
  const [head] = await read<{ sequence: number }>('select sequence from gateway.audit_head');
  await until(
    'the last event arrives',
    () => consumer.messages.some(({ event }) => event.sequence === String(head?.sequence)),
    { ms: 300_000, everyMs: 500 },
  );
  const log = await read<{ id: string; body: string }>(
    'select id, body from gateway.audit_event where sequence <= $1 order by sequence',
    [head?.sequence],
  );
  const ids = new Set(log.map((row) => row.id));
  assert.equal(ids.size, log.length);
  assert.deepEqual([...recorded].filter((id) => !ids.has(id)).length, 0, 'lost');
  const arrived = consumer.messages.filter(({ event }) => Number(event.sequence) <= (head?.sequence ?? 0));
  const doubles = assertReceived(
    arrived,
    log.map((row) => row.body),
  );
  assert.deepEqual(await read('select from gateway.audit_quarantine'), []);
  assert.ok(logins > 0);
  console.log(`# ${log.length} events, ${doubles} twice, ${logins} logins meanwhile`);

  function plan(): ('broker' | 'gateway' | 'postgres')[] {
    const all = [
      ...Array<'broker'>(size.brokers).fill('broker'),
      ...Array<'gateway'>(size.gateways).fill('gateway'),
      ...Array<'postgres'>(size.postgres).fill('postgres'),
    ];
    return all
      .map((what) => ({ what, at: Math.random() }))
      .sort((left, right) => left.at - right.at)
      .map(({ what }) => what);
  }

  /** A statement that waits for a PostgreSQL that is just starting. */
  async function read<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return until('PostgreSQL answers', () => stack.sql<Row>(text, values).catch(() => undefined));
  }

  /** Something new gets published: whatever was killed works again. */
  async function progress(): Promise<void> {
    const relayed = async () => {
      const [row] = await read<{ sequence: number }>("select sequence from gateway.cursor where name = 'relay'");
      return row?.sequence ?? 0;
    };
    const before = await relayed();
    await until('the relay goes on', async () => (await relayed()) > before, { ms: 60_000, everyMs: 100 });
  }

  async function stopLeader(ms: number): Promise<void> {
    const holder = async () => (await read<{ holder: string }>('select holder from gateway.lease'))[0]?.holder;
    const before = await until('somebody leads', holder);
    const leader = findLeader();
    leader.suspend();
    try {
      await until('another one leads', async () => ![before, undefined].includes(await holder()), { ms: 20_000 });
      await progress();
      await new Promise((resolve) => setTimeout(resolve, ms));
    } finally {
      leader.resume();
    }
    await progress();
  }

  /** Each says in its log when it took the lease; who said so last leads. */
  function findLeader(): GatewayProcess {
    const [first, second] = stack.gateways;
    if (!first || !second) throw new Error('two gateways');
    return taken(first) > taken(second) ? first : second;
  }
});

function taken(gateway: GatewayProcess): number {
  const line = gateway
    .log()
    .split('\n')
    .findLast((each) => each.includes('audit lease taken'));
  return line ? new Date(JSON.parse(line).time).getTime() : 0;
}
