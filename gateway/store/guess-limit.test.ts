import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openRedis, whenReady } from '@sallyport/redis';
import { forgetKeys } from '../../test/support/redis.ts';
import { createGuessLimit, type GuessLimit } from './guess-limit.ts';
import { createCounter } from './limits.ts';
import { createPlacesInMemory, createPlacesInRedis } from './places.ts';

const limit = 10;
const redisMissing = process.env.TEST_REDIS_URL ? false : 'TEST_REDIS_URL is not set';

/** The same test on the in-process counters and, where there is one, on Redis. */
function onBoth(title: string, check: (limit: GuessLimit) => Promise<void>): void {
  test(`${title} (in process)`, () => {
    const wrong = createCounter(undefined, 'test', limit, 60);
    return check(createGuessLimit({ wrong, places: createPlacesInMemory(wrong), limit }));
  });
  const url = process.env.TEST_REDIS_URL;
  test(`${title} (Redis)`, { skip: redisMissing }, async () => {
    const prefix = `test:${randomBytes(6).toString('hex')}:`;
    const redis = openRedis({ url: url ?? '', prefix });
    await whenReady(redis);
    try {
      const wrong = createCounter(redis, 'test', limit, 60);
      await check(createGuessLimit({ wrong, places: createPlacesInRedis(redis, 'test', wrong), limit }));
    } finally {
      redis.disconnect();
      await forgetKeys(url ?? '', prefix);
    }
  });
}

/** A guess that takes a moment to be judged. */
async function tryOut(limit: GuessLimit, key: string, right: boolean): Promise<'judged' | 'limited'> {
  const place = await limit.reserve(key);
  if (place.outcome === 'limited') return 'limited';
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (!right) await place.guess.keep();
  place.guess.leave();
  return 'judged';
}

onBoth('judges exactly ten of forty wrong guesses at once', async (limit) => {
  const results = await Promise.all(Array.from({ length: 40 }, () => tryOut(limit, 'a', false)));
  assert.equal(results.filter((result) => result === 'judged').length, 10);
  assert.equal(await tryOut(limit, 'a', true), 'limited');
  assert.equal(await tryOut(limit, 'b', true), 'judged');
});

onBoth('lets any number of right guesses at once through', async (limit) => {
  const results = await Promise.all(Array.from({ length: 40 }, () => tryOut(limit, 'a', true)));
  assert.ok(results.every((result) => result === 'judged'));
});

onBoth('says how long to wait', async (limit) => {
  for (let guess = 0; guess < 10; guess += 1) await tryOut(limit, 'a', false);
  const place = await limit.reserve('a');
  assert.ok(place.outcome === 'limited' && place.retryAfterSeconds > 0 && place.retryAfterSeconds <= 60);
});

onBoth('counts a wrong guess whose place was left before', async (limit) => {
  for (let guess = 0; guess < 10; guess += 1) {
    const place = await limit.reserve('a');
    place.guess.leave();
    await place.guess.keep();
  }
  assert.equal((await limit.reserve('a')).outcome, 'limited');
  assert.equal(typeof (await limit.findBlock('a')), 'number');
});

test('a count that is no number is no count', { skip: redisMissing }, async () => {
  const prefix = `test:${randomBytes(6).toString('hex')}:`;
  const redis = openRedis({ url: process.env.TEST_REDIS_URL ?? '', prefix });
  await whenReady(redis);
  try {
    const wrong = createCounter(redis, 'test', limit, 60);
    await redis.set(wrong.getKey('{a}'), 'many');
    const limited = createGuessLimit({ wrong, places: createPlacesInRedis(redis, 'test', wrong), limit });
    await assert.rejects(limited.reserve('a'), { name: 'Unavailable', overloaded: false });
  } finally {
    redis.disconnect();
    await forgetKeys(process.env.TEST_REDIS_URL ?? '', prefix);
  }
});

test('a place is given back when the store fails halfway', async () => {
  const wrong = createCounter(undefined, 'test', 1, 60);
  const places = createPlacesInMemory(wrong);
  const limited = createGuessLimit({ wrong, places, limit: 1 });
  const { get } = wrong;
  wrong.get = () => Promise.reject(new Error('gone'));
  await assert.rejects(limited.reserve('a'), { name: 'Unavailable' });
  wrong.get = get;
  assert.equal((await limited.reserve('a')).outcome, 'reserved');
});

test('a wrong guess that could not be counted keeps its place', async () => {
  const wrong = createCounter(undefined, 'test', 1, 60);
  const limited = createGuessLimit({ wrong, places: createPlacesInMemory(wrong), limit: 1 });
  const { guess } = await limited.reserve('a');
  wrong.penalty = () => Promise.reject(new Error('gone'));
  await assert.rejects(guess.keep(), { name: 'Unavailable' });
  guess.leave();
  await assert.rejects(limited.reserve('a'), { name: 'Unavailable', overloaded: true });
});

test('refuses at once what would wait behind too many', async () => {
  const wrong = createCounter(undefined, 'test', 1, 60);
  const limited = createGuessLimit({ wrong, places: createPlacesInMemory(wrong), limit: 1 });
  const held = await limited.reserve('a');
  const wait = async () => (await limited.reserve('a')).guess.leave();
  const crowd = Array.from({ length: 100 }, () =>
    wait().then(
      () => 'served',
      () => 'refused',
    ),
  );
  const first = await Promise.race(crowd);
  assert.equal(first, 'refused');
  held.guess.leave();
  await Promise.all(crowd.map(async (waiter) => assert.ok(['served', 'refused'].includes(await waiter))));
});
