// The ten promises as invariants of random histories, over the public API, on a clock that moves (ARCHITECTURE.md).
import { after, before, test } from 'node:test';
import { endSoundly } from '../support/assert-sound.ts';
import { forgetKeys } from '../support/redis.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { openAdmin } from './admin.ts';
import { redisLosses } from './commands/disturb.ts';
import { clockMoves } from './commands/time.ts';
import { modelEnv } from './env.ts';
import { play } from './play.ts';
import type { System } from './system.ts';

const runs = process.env.SALLYPORT_CHAOS ? 1_000 : 20;
/** Where the machine is slow, that is enough. */
const minutes = process.env.SALLYPORT_CHAOS ? 50 : 1;
const redisUrl = process.env.TEST_REDIS_URL;

let stack: Stack;
before(async () => {
  stack = await startStack({ env: modelEnv });
});
after(() => endSoundly(stack));

test(`keeps the promises over ${runs} histories on a clock that moves`, { timeout: 3_600_000 }, async (t) => {
  const { api, clock, sql, redisPrefix } = stack;
  const clocked = { api, now: clock.now, moveClock: clock.advance, windowSteps: 1 };
  const system: System = {
    ...clocked,
    ...(await openAdmin(clocked)),
    sql,
    challengesInMemory: !redisUrl,
    ...(redisUrl ? { emptyRedis: () => forgetKeys(redisUrl, redisPrefix) } : {}),
  };
  const played = await play(system, { runs, minutes, more: [...clockMoves, ...(redisUrl ? redisLosses : [])] });
  t.diagnostic(`${played} histories`);
});
