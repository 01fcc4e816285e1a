// Redis as a primary and a replica under three sentinels: whether the primary is killed, hangs or hands over, promises 1,
// 3 and 5 hold, and everybody is in again within 5 s of the switch. SALLYPORT_CHAOS=1 plays all three.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { assertSound } from './support/assert-sound.ts';
import { assertHeld, startFailoverLoad } from './support/failover-load.ts';
import { challengeOf, expect, expectProblem } from './support/people.ts';
import { giveCode, logInOwner, signUpEnrolled } from './support/process-people.ts';
import { recoveryMs } from './support/recovery-ms.ts';
import { findServers } from './support/servers/find-servers.ts';
import { type RedisSentinels, startRedisSentinels } from './support/servers/redis-sentinel.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;
const skip = onlyReal ?? findServers().redis.missing ?? false;
const long = skip || (process.env.SALLYPORT_CHAOS === '1' ? false : 'long: npm run test:chaos has it');

type Failure = [what: string, skip: string | false, fail: (redis: RedisSentinels) => Promise<() => Promise<void>>];

/** Each returns what brings the old primary back. */
const failures: Failure[] = [
  [
    'is killed',
    skip,
    async (redis) => {
      const primary = await redis.primary();
      await primary.kill();
      return () => primary.start();
    },
  ],
  [
    'hangs',
    long,
    async (redis) => {
      const primary = await redis.primary();
      primary.suspend();
      return async () => primary.resume();
    },
  ],
  [
    'hands over',
    long,
    async (redis) => {
      await redis.switchOver();
      return () => redis.replicated();
    },
  ],
];

for (const [what, skip, fail] of failures) {
  test(`a primary that ${what} under load: everybody in within 5 s of the switch, no code used twice`, {
    skip,
  }, async (t) => {
    await using redis = await startRedisSentinels();
    const env = { REDIS_URL: redis.url, OTP_WINDOW: '10', ADDRESS_FAILURES: '100000' };
    await using stack = await startStack({ gateways: 2, otps: 2, env });
    await using load = await startFailoverLoad(stack.apis);
    const usualMs = await load.through();
    const ada = await signUpEnrolled(stack.api);
    const before = await redis.primary();
    const bringBack = await fail(redis);
    await until('the sentinels switch', async () => (await redis.primary()) !== before);
    const ms = await load.through();
    t.diagnostic(`${Math.round(ms)} ms after the switch`);
    assert.ok(ms < recoveryMs + usualMs, `${ms} ms after the switch`);
    await until('all are ready', () => isReady(stack));
    // It comes back as one that thinks it is the primary, until the sentinels tell it otherwise.
    await bringBack();
    await load.through();
    await load.end();
    assertHeld(load);

    const [challenge, otp] = [await challengeOf(stack.api, ada), giveCode(ada)];
    expect(200, await stack.api('POST', '/login/otp', { body: { challenge, otp } }));
    const emptied = new Redis((await redis.primary()).url);
    await emptied.flushall();
    emptied.disconnect();
    const again = { challenge: await challengeOf(stack.api, ada), otp };
    expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: again }));
    await logInOwner(stack.api, ada);
    await assertSound(stack);
  });
}

async function isReady(stack: Stack): Promise<boolean> {
  const parts = [...stack.parts.otps, ...stack.parts.gateways];
  const answers = await Promise.all(parts.map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)));
  return answers.every(({ status }) => status === 200);
}
