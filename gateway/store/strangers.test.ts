import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openRedis, whenReady } from '@sallyport/redis';
import { forgetKeys } from '../../test/support/redis.ts';
import { createStrangers, type Strangers } from './strangers.ts';

const limit = 3;
const url = process.env.TEST_REDIS_URL;

/** The same test in process and, where there is one, on Redis. */
function onBoth(title: string, check: (strangers: Strangers) => Promise<void>): void {
  test(`${title} (in process)`, () => check(createStrangers(undefined, limit)));
  test(`${title} (Redis)`, { skip: url ? false : 'TEST_REDIS_URL is not set' }, async () => {
    const prefix = `test:${randomBytes(6).toString('hex')}:`;
    const redis = openRedis({ url: url ?? '', prefix });
    await whenReady(redis);
    try {
      await check(createStrangers(redis, limit));
    } finally {
      redis.disconnect();
      await forgetKeys(url ?? '', prefix);
    }
  });
}

const admit = async (strangers: Strangers, address: string) => {
  const admission = await strangers.admit('ada', address, address);
  return admission.outcome === 'admitted' ? admission.number : admission.outcome;
};

/** How many wrong ones fit in until one has to wait: those left, and the one try of the minute. */
async function countLeft(strangers: Strangers): Promise<number> {
  let left = 0;
  while ((await admit(strangers, 'who guesses')) !== 'limited') left += 1;
  return left;
}

onBoth('no number is given out twice, so that a right try forgets no wrong one after it', async (strangers) => {
  const [withdrawn, right] = [await admit(strangers, 'a'), await admit(strangers, 'b')];
  await strangers.withdraw('ada', Number(withdrawn));
  const wrong = await admit(strangers, 'c');
  assert.ok(Number(wrong) > Number(right));
  await strangers.accept('ada', Number(right), 'b', 'b');
  assert.equal(await countLeft(strangers), limit);
});

onBoth('a try that came to no verdict is not counted', async (strangers) => {
  for (let at = 0; at < 2 * limit; at += 1) {
    await strangers.withdraw('ada', Number(await admit(strangers, 'who guesses')));
  }
  assert.equal(await countLeft(strangers), limit + 1);
});

onBoth('a right try ends the row up to itself, withdrawn ones included', async (strangers) => {
  const [first, second] = [await admit(strangers, 'a'), await admit(strangers, 'b')];
  await strangers.accept('ada', Number(second), 'b', 'b');
  await strangers.withdraw('ada', Number(first));
  assert.equal(await countLeft(strangers), limit + 1);
});

onBoth('a number of a row that was forgotten changes nothing in the next', async (strangers) => {
  const numbers = [await admit(strangers, 'a'), await admit(strangers, 'b'), await admit(strangers, 'c')];
  await strangers.forget('ada');
  await admit(strangers, 'who guesses');
  await strangers.accept('ada', Number(numbers[1]), 'b', 'b');
  await strangers.withdraw('ada', Number(numbers[2]));
  assert.equal(await countLeft(strangers), limit);
});
