// The consumer kit on a running Sallyport, as another team uses it: an account with the role audit, a queue, a database of
// its own. What both examples make of what people do, and that what a queue has lost comes over HTTP (promise 4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ConsumeOptions,
  consumeAudit,
  createLogin,
  createMemoryStore,
  createPostgresStore,
} from '@sallyport/audit';
import { connect } from 'amqplib';
import pg from 'pg';
import { type Alert, followTimeline, prepareTimeline } from '../packages/audit/examples/security-timeline/timeline.ts';
import { mapToOcsf } from '../packages/audit/examples/siem-ocsf/map-to-ocsf.ts';
import { readLog } from './support/audit-log.ts';
import { createTestDatabase, databaseMissing } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';
import { expect, logIn, nextCode, signUp, signUpWithFactor, wrongCode } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const amqp = process.env.TEST_AMQP_URL ?? '';
const skip = databaseMissing || (amqp === '' && 'TEST_AMQP_URL is not set');

/** An account that may read the log, as packages/audit/README.md says how to make one. */
async function createRobot(stack: Stack) {
  const robot = await signUpWithFactor(stack, 'robot');
  const granting = runCommand('supervisor/users.ts', ['grant', robot.username, 'audit'], {
    DATABASE_URL: stack.databaseUrl,
  });
  assert.equal((await granting.ended).code, 0);
  // The code that confirmed the factor is spent.
  stack.clock.advance(30_000);
  return robot;
}

/** The team's side of the broker. */
async function openQueues(exchange: string, ...queues: string[]) {
  const connection = await connect(amqp);
  const channel = await connection.createChannel();
  return {
    async lose(queue: string, work: () => Promise<unknown>) {
      await channel.unbindQueue(queue, exchange, '#');
      await work();
      await channel.bindQueue(queue, exchange, '#');
    },
    waiting: async (queue: string) => (await channel.checkQueue(queue)).messageCount,
    async [Symbol.asyncDispose]() {
      for (const queue of queues) for (const name of [queue, `${queue}.dead`]) await channel.deleteQueue(name);
      await connection.close();
    },
  };
}

test('a team gets the whole log in order, also what its queue has lost, and both examples say what happened', {
  skip,
}, async () => {
  await using stack = await startStack({ broker: true });
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const { exchange } = stack.auditNames;
  const [all, some] = [`${exchange}.siem`, `${exchange}.timeline`];
  await using queues = await openQueues(exchange, all, some);
  const robot = await createRobot(stack);
  const url = stack.parts.gateways[0]?.url ?? '';
  const { username, password, secret } = robot;
  const logins: string[] = [];
  const login = createLogin({ url, username, password, secret, now: stack.clock.now });
  const token = async (refused?: string) => {
    const given = await login(refused);
    if (!logins.includes(given)) logins.push(given);
    return given;
  };
  const common = { amqp, exchange, http: { url, token }, log: () => undefined } satisfies Partial<
    ConsumeOptions<object>
  >;

  const sequences: string[] = [];
  const lines: NonNullable<ReturnType<typeof mapToOcsf>>[] = [];
  const siem = consumeAudit({
    ...common,
    queue: all,
    from: 'beginning',
    store: createMemoryStore(),
    onEvent(event) {
      sequences.push(event.sequence);
      const line = mapToOcsf(event);
      if (line) lines.push(line);
    },
  });
  const alerts: Alert[] = [];
  await prepareTimeline(pool);
  const timeline = consumeAudit({
    ...common,
    queue: some,
    store: createPostgresStore(pool),
    onEvent: followTimeline({ alert: (alert) => alerts.push(alert) }),
  });
  await using _consumers = {
    async [Symbol.asyncDispose]() {
      await siem.close();
      await timeline.close();
    },
  };
  const published = async () => {
    const [{ left, last } = { left: 1, last: '' }] = await stack.sql<{ left: number; last: string }>(
      `select (select count(*) from gateway.outbox) + sequence
         - (select sequence from gateway.cursor where name = 'relay') as left, sequence::text as last
       from gateway.audit_head`,
    );
    return left === 0 && last;
  };
  const caughtUp = () => until('the whole log has come', async () => sequences.at(-1) === (await published()));
  await caughtUp();
  await until('the timeline listens', () => queues.waiting(some).then((count) => count === 0));

  const ada = await signUpWithFactor(stack, 'ada');
  await logIn(stack, ada);
  const { username: name } = ada;
  for (let tries = 0; tries < 5; tries += 1) {
    const body = { username: name, password: ada.password, otp: wrongCode(stack, ada) };
    expect(401, await stack.api('POST', '/login', { body }));
  }
  const body = { username: name, password: ada.password, otp: nextCode(stack, ada) };
  expect(200, await stack.api('POST', '/login', { body }));
  expect(401, await stack.api('POST', '/login', { body }));
  await until('both alerts', () => new Set(alerts.map(({ rule }) => rule)).size === 2);
  assert.deepEqual([...new Set(alerts.map(({ subject }) => subject))], [ada.id]);

  await caughtUp();
  // The session has ended, so what is lost now wants a new login.
  expect(204, await stack.api('POST', '/logout', { token: await login() }));
  stack.clock.advance(30_000);
  await caughtUp();
  let lost = '';
  await queues.lose(all, async () => {
    await signUp(stack.api, 'lost');
    lost = await until('it was published', published);
  });
  assert.ok(Number(lost) > Number(sequences.at(-1)));
  await signUp(stack.api, 'found');
  await caughtUp();

  assert.deepEqual(
    sequences,
    (await readLog(stack)).map(({ sequence }) => sequence),
  );
  assert.equal(logins.length, 2);
  const ofAda = lines.filter(({ user }) => 'uid' in user && user.uid === ada.id);
  const counted = (typeUid: number, status: number) =>
    ofAda.filter((line) => line.type_uid === typeUid && line.status_id === status).length;
  assert.equal(counted(300_101, 1), 1, 'signed up');
  assert.equal(counted(300_110, 1), 1, 'enabled a factor');
  assert.equal(counted(300_201, 2), 6, 'logins that failed');
  const { rows } = await pool.query('select type from timeline where subject = $1 order by time', [ada.id]);
  assert.ok(rows.some(({ type }) => type === 'sallyport.otp.replayed'));
});
