import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openRedis } from '@sallyport/redis';
import { forgetKeys } from '../../test/support/redis.ts';
import { createGuessLimit, type GuessLimit } from './guess-limit.ts';
import { createLimiterFactory } from './limiter-factory.ts';

const options = { name: 'test', limit: 10, windowSeconds: 60 };

/** The same test on the in-process counters and, where there is one, on Redis. */
function onBoth(title: string, check: (limit: GuessLimit) => Promise<void>): void {
  test(`${title} (in process)`, () => check(createGuessLimit(createLimiterFactory(undefined), options)));
  const url = process.env.TEST_REDIS_URL;
  test(`${title} (Redis)`, { skip: url ? false : 'TEST_REDIS_URL is not set' }, async () => {
    const prefix = `test:${randomBytes(6).toString('hex')}:`;
    const redis = openRedis({ url: url ?? '', prefix });
    await new Promise((resolve) => redis.once('ready', resolve));
    try {
      await check(createGuessLimit(createLimiterFactory(redis), options));
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
  await (right ? place.guess.release() : place.guess.keep());
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
