import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createTestDatabase, databaseMissing } from '../../../../test/support/database.ts';
import { forgetKeys } from '../../../../test/support/redis.ts';
import { takeEvent } from '../take-event.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createMemoryStore } from './memory-store.ts';
import { createPostgresStore, type PostgresTools } from './postgres-store.ts';
import { createRedisStore } from './redis-store.ts';
import type { EventMark, Store } from './store.ts';

const redisUrl = process.env.TEST_REDIS_URL;

interface OpenStore extends AsyncDisposable {
  /** A store on the same data, as another process has it. */
  another(): Store<unknown>;
}

const kinds: Record<string, { skip: string | false; open: () => Promise<OpenStore> }> = {
  memory: {
    skip: false,
    async open() {
      const store = createMemoryStore();
      return { another: () => store, [Symbol.asyncDispose]: async () => undefined };
    },
  },
  postgres: {
    skip: databaseMissing,
    async open() {
      const database = await createTestDatabase();
      const pool = new pg.Pool({ connectionString: database.url });
      return {
        another: () => createPostgresStore(pool, { schema: 'team' }) as Store<unknown>,
        async [Symbol.asyncDispose]() {
          await pool.end();
          await database[Symbol.asyncDispose]();
        },
      };
    },
  },
  redis: {
    skip: redisUrl ? false : 'TEST_REDIS_URL is not set',
    async open() {
      const redis = new Redis(redisUrl ?? '');
      const prefix = `test:${randomBytes(6).toString('hex')}:`;
      return {
        another: () => createRedisStore(redis, { prefix }),
        async [Symbol.asyncDispose]() {
          redis.disconnect();
          await forgetKeys(redisUrl ?? '', prefix);
        },
      };
    },
  },
};

function mark(sequence: number, type = 'sallyport.login.failed'): EventMark {
  return { id: randomUUID(), sequence, type, hash: randomBytes(32).toString('hex') };
}

for (const [name, { skip, open }] of Object.entries(kinds)) {
  suite(`the ${name} store`, { skip }, () => {
    test('takes an event once, also from another process, and knows how far it has come', async () => {
      await using opened = await open();
      const [store, other] = [opened.another(), opened.another()];
      await Promise.all([store.open(), other.open()]);
      await store.open();
      assert.equal(await store.find('a'), undefined);
      const [five, six] = [mark(5), mark(6)];
      let effects = 0;
      const effect = () => {
        effects += 1;
      };
      assert.equal(await store.take('a', five, 5, effect), true);
      assert.equal(await other.take('a', five, 5, effect), false);
      assert.equal(await store.take('a', mark(4), 5, effect), false);
      assert.equal(await other.take('a', six, 6, effect), true);
      assert.equal(effects, 2);
      assert.deepEqual(await store.find('a'), { sequence: 6, hash: six.hash, floor: 6, seen: [] });
      assert.equal(await store.find('b'), undefined);
    });

    test('keeps what was taken above the floor, in order, until the floor has passed it', async () => {
      await using opened = await open();
      const store = opened.another();
      await store.open();
      const [three, seven, nine, twelve] = [mark(3), mark(7), mark(9), mark(12)];
      for (const event of [three, nine, seven]) await store.take('a', event, 2, () => undefined);
      assert.deepEqual(await store.find('a'), { sequence: 9, hash: nine.hash, floor: 2, seen: [three, seven, nine] });
      assert.equal(await store.take('a', nine, 2, () => assert.fail('taken twice')), false);
      await store.take('a', twelve, 8, () => undefined);
      assert.deepEqual(await store.find('a'), { sequence: 12, hash: twelve.hash, floor: 8, seen: [nine, twelve] });
    });

    test('an effect that fails marks nothing', async () => {
      await using opened = await open();
      const store = opened.another();
      await store.open();
      const event = mark(1);
      await assert.rejects(
        store.take('a', event, 1, () => Promise.reject(new Error('no'))),
        /no/,
      );
      assert.equal(await store.find('a'), undefined);
      assert.equal(await store.take('a', event, 1, () => undefined), true);
    });
  });
}

test('a handler that catches the error of its own SQL has failed: the event is given up, and nothing is waited for', {
  skip: databaseMissing,
}, async () => {
  await using opened = await (kinds.postgres as { open: () => Promise<OpenStore> }).open();
  const store = opened.another() as Store<PostgresTools>;
  await store.open();
  const [event] = createTestLog().add('sallyport.login.failed');
  assert.ok(event);
  const givenUp: string[] = [];
  const said: string[] = [];
  const taken = await takeEvent(
    {
      store,
      consumer: 'a',
      handle: (_, { tx }) =>
        tx.query('select nonsense').then(
          () => undefined,
          () => undefined,
        ),
      tries: 2,
      retryMs: 1,
      giveUp: async ({ sequence }) => void givenUp.push(sequence),
      log: (_, says) => said.push(says),
      signal: AbortSignal.timeout(5_000),
    },
    event,
    1,
  );
  assert.equal(taken, true);
  assert.deepEqual(givenUp, ['1']);
  assert.deepEqual(said, ['a handler has failed', 'a handler has failed']);
});

test('a Redis store does not open while Redis is away, so that no message is taken in hand', async () => {
  const away = { eval: () => Promise.reject(new Error('away')) };
  await assert.rejects(createRedisStore(away).open(), /away/);
});
