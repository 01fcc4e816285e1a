import { Unavailable } from '@sallyport/contracts';
import { type RedisClient, redisCall } from '@sallyport/redis';
import { z } from 'zod';
import type { ChallengeStore } from './challenges.ts';

const takeTry = `
local tries = redis.call('HGET', KEYS[1], 'tries')
if not tries then return {'unknown', ''} end
if tonumber(tries) <= 0 then return {'dead', ''} end
redis.call('HINCRBY', KEYS[1], 'tries', -1)
return {'taken', redis.call('HGET', KEYS[1], 'challenge')}`;

const giveBackTry = `if redis.call('HEXISTS', KEYS[1], 'challenge') == 1 then redis.call('HINCRBY', KEYS[1], 'tries', 1) end`;

/** Without its content a challenge has no try to give back to. */
const end = `if redis.call('HDEL', KEYS[1], 'challenge') == 1 then redis.call('HSET', KEYS[1], 'tries', 0) end`;

const create = `
redis.call('HSET', KEYS[1], 'challenge', ARGV[1], 'tries', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`;

const Stored = z.object({
  userId: z.uuid(),
  epoch: z.int(),
  factorVersion: z.int(),
  deviceId: z.uuid().optional(),
  expiresAt: z.int(),
});
const Taken = z.tuple([z.enum(['taken', 'dead', 'unknown']), z.string()]);

/** Challenges that all gateways share; each step is one script on one key. */
export function createChallengesInRedis(redis: RedisClient, now: () => number): ChallengeStore {
  const run = (script: string, hash: string, ...values: (string | number)[]) =>
    redisCall(redis.eval(script, 1, `challenge:${hash}`, ...values));

  return {
    async create(hash, challenge, tries) {
      await run(create, hash, JSON.stringify(challenge), tries, 2 * (challenge.expiresAt - now()));
    },
    async takeTry(hash) {
      const [state, challenge] = readTaken(await run(takeTry, hash));
      if (state !== 'taken' || challenge === undefined) return { state: state === 'taken' ? 'dead' : state };
      return challenge.expiresAt > now() ? { state, challenge } : { state: 'dead' };
    },
    async giveBackTry(hash) {
      await run(giveBackTry, hash);
    },
    async end(hash) {
      await run(end, hash);
    },
  };
}

/** What isn't what we wrote is nothing to go by: the store counts as away. */
function readTaken(answer: unknown): ['taken' | 'dead' | 'unknown', z.infer<typeof Stored> | undefined] {
  try {
    const [state, text] = Taken.parse(answer);
    return [state, state === 'taken' ? Stored.parse(JSON.parse(text)) : undefined];
  } catch (cause) {
    throw new Unavailable('redis', { cause });
  }
}
