import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, databaseMissing } from '../../../test/support/database.ts';
import { startProxy } from '../../../test/support/proxy.ts';
import { until } from '../../../test/support/until.ts';
import { consumeAudit } from './consume-audit.ts';
import { createPostgresStore } from './stores/postgres-store.ts';
import { brokerMissing, openTestExchange } from './testing/test-exchange.ts';
import { createTestLog } from './testing/test-log.ts';

const skip = databaseMissing || brokerMissing;

test('with PostgreSQL an effect happens exactly once: through duplicates, cut connections, effects whose acknowledgement was lost, and two processes at a time', {
  skip,
}, async () => {
  await using database = await createTestDatabase();
  await using broker = await openTestExchange();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const pool = new pg.Pool({ connectionString: database.url });
  await using _closing = { [Symbol.asyncDispose]: () => pool.end() };
  await pool.query('create table effect (place bigserial, sequence int, id uuid)');
  const amqp = new URL(broker.url);
  amqp.host = `127.0.0.1:${proxy.port}`;
  const log = createTestLog();
  log.add(...Array.from({ length: 200 }, () => 'sallyport.login.succeeded'));
  let connected = 0;
  let cuts = 0;
  const start = () =>
    consumeAudit({
      amqp: amqp.href,
      exchange: broker.exchange,
      queue: broker.queue,
      store: createPostgresStore(pool),
      async onEvent({ id, sequence }, { tx }) {
        await tx.query('insert into effect (sequence, id) values ($1, $2)', [sequence, id]);
        // The effect is kept, its acknowledgement is not.
        if (Number(sequence) % 40 === 0 && cuts < 4) {
          cuts += 1;
          proxy.cut();
        }
        if (Number(sequence) % 70 === 0) throw new Error('rolled back, once in two');
      },
      tries: 2,
      retryMs: 5,
      log(_, says) {
        if (says === 'the consumer is connected') connected += 1;
      },
    });
  const consumers = [start(), start()];
  await until('both connected', () => connected === 2);
  await broker.publish(...log.events.slice(0, 120));
  await broker.publish(...log.events.slice(60));
  const count = async () => Number((await pool.query('select count(*) from effect')).rows[0].count);
  await until('all but what was given up', async () => (await count()) === 198);
  await until('none waits', async () => (await broker.waiting()) === 0);
  for (const consumer of consumers) await consumer.close();
  const { rows } = await pool.query('select sequence from effect order by place');
  const expected = Array.from({ length: 200 }, (_, index) => index + 1).filter((sequence) => sequence % 70 !== 0);
  assert.deepEqual(
    rows.map(({ sequence }) => sequence),
    expected,
  );
  assert.equal(cuts, 4);
  assert.deepEqual(
    (await broker.takeDead()).map(({ reason }) => reason),
    ['handler-failed', 'handler-failed'],
  );
});

test('a process whose connection was cut in the middle of an effect, and the one that takes over, make one effect', {
  skip,
}, async () => {
  await using database = await createTestDatabase();
  await using broker = await openTestExchange();
  await using proxy = await startProxy(broker.url.hostname, Number(broker.url.port || 5672));
  const pool = new pg.Pool({ connectionString: database.url });
  await using _closing = { [Symbol.asyncDispose]: () => pool.end() };
  await pool.query('create table effect (by text)');
  const cut = new URL(broker.url);
  cut.host = `127.0.0.1:${proxy.port}`;
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let connected = 0;
  const start = (by: string, amqp: URL) =>
    consumeAudit({
      amqp: amqp.href,
      exchange: broker.exchange,
      queue: broker.queue,
      store: createPostgresStore(pool),
      async onEvent(_, { tx }) {
        await tx.query('insert into effect values ($1)', [by]);
        entered.resolve();
        await finish.promise;
      },
      log(_, says) {
        if (says === 'the consumer is connected') connected += 1;
      },
    });
  const log = createTestLog();
  const first = start('first', cut);
  await until('the first is connected', () => connected === 1);
  await broker.publish(...log.add('sallyport.login.succeeded'));
  await entered.promise;
  const second = start('second', broker.url);
  await until('the second is connected', () => connected === 2);
  proxy.cut();
  await until('the second wants the same event', async () => {
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    return (await pool.query(waiting)).rowCount;
  });
  finish.resolve();
  await until('none waits', async () => (await broker.waiting()) === 0);
  await first.close();
  await second.close();
  assert.deepEqual((await pool.query('select by from effect')).rows, [{ by: 'first' }]);
});
