import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { openRedis, whenReady } from '@sallyport/redis';
import { createClock, type TestClock } from '../../test/support/clock.ts';
import { forgetKeys } from '../../test/support/redis.ts';
import type { ChallengeStore } from './challenges.ts';
import { createChallengesInMemory } from './challenges-in-memory.ts';
import { createChallengesInRedis } from './challenges-in-redis.ts';

function onBoth(title: string, check: (store: ChallengeStore, clock: TestClock) => Promise<void>): void {
  test(`${title} (in process)`, async () => {
    const clock = createClock();
    await check(createChallengesInMemory(clock.now), clock);
  });
  const url = process.env.TEST_REDIS_URL;
  test(`${title} (Redis)`, { skip: url ? false : 'TEST_REDIS_URL is not set' }, async () => {
    const clock = createClock();
    const prefix = `test:${randomBytes(6).toString('hex')}:`;
    const redis = openRedis({ url: url ?? '', prefix });
    await whenReady(redis);
    try {
      await check(createChallengesInRedis(redis, clock.now), clock);
    } finally {
      redis.disconnect();
      await forgetKeys(url ?? '', prefix);
    }
  });
}

const challengeUntil = (expiresAt: number) => ({ userId: randomUUID(), epoch: 1, factorVersion: 1, expiresAt });

onBoth('gives exactly five tries, however many ask at once', async (store, clock) => {
  const challenge = challengeUntil(clock.now() + 60_000);
  await store.create('h', challenge, 5);
  const taken = await Promise.all(Array.from({ length: 30 }, () => store.takeTry('h')));
  const granted = taken.filter((entry) => entry.state === 'taken');
  assert.equal(granted.length, 5);
  assert.deepEqual(granted[0], { state: 'taken', challenge });
  assert.ok(taken.every((entry) => entry.state !== 'unknown'));
});

onBoth('gives a try back', async (store, clock) => {
  await store.create('h', challengeUntil(clock.now() + 60_000), 1);
  await store.takeTry('h');
  assert.equal((await store.takeTry('h')).state, 'dead');
  await store.giveBackTry('h');
  assert.equal((await store.takeTry('h')).state, 'taken');
});

onBoth('knows an ended or expired challenge from one that never existed', async (store, clock) => {
  await store.create('ended', challengeUntil(clock.now() + 60_000), 5);
  await store.create('expired', challengeUntil(clock.now() + 60_000), 5);
  await store.end('ended');
  assert.equal((await store.takeTry('ended')).state, 'dead');
  await store.giveBackTry('ended');
  assert.equal((await store.takeTry('ended')).state, 'dead', 'a try given back late does not revive it');
  clock.advance(61_000);
  assert.equal((await store.takeTry('expired')).state, 'dead');
  assert.equal((await store.takeTry('never')).state, 'unknown');
  await store.end('never');
  await store.giveBackTry('never');
  assert.equal((await store.takeTry('never')).state, 'unknown');
});
