import { Unavailable } from '@sallyport/contracts';
import { type RedisClient, redisCall } from '@sallyport/redis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { z } from 'zod';

/*
 * Places for guesses that are being checked right now, by key, beside the counter of wrong ones. A place is taken and
 * the counter read in one atomic step, in this order. A place lapses on its own: a process that dies, or an answer of the
 * store that never came, holds it no longer than a request can last.
 */

const lapseSeconds = 45;

interface PlaceTaken {
  /** Places taken, this one included, lapsed ones aside. */
  places: number;
  /** Wrong guesses in the counter's window, and how long it lasts. */
  wrong: number;
  msLeft: number;
}

export interface Places {
  /** Takes a place under a token. */
  take(key: string, token: string): Promise<PlaceTaken>;
  leave(key: string, token: string): Promise<void>;
}

/** The counter's key is one of rate-limiter-flexible: a number that expires. */
const take = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ${lapseSeconds}, ARGV[1])
redis.call('EXPIRE', KEYS[1], ${lapseSeconds})
return {redis.call('ZCARD', KEYS[1]), tonumber(redis.call('GET', KEYS[2]) or 0), redis.call('PTTL', KEYS[2])}`;

const Answer = z.tuple([z.int(), z.int(), z.int()]);

export function createPlacesInRedis(redis: RedisClient, name: string, counter: RateLimiterAbstract): Places {
  return {
    async take(key, token) {
      const answer = await redisCall(redis.eval(take, 2, `places:${name}:${key}`, counter.getKey(key), token));
      const read = Answer.safeParse(answer);
      if (!read.success) throw new Unavailable('redis', { cause: new Error('a count that is no number') });
      const [places, wrong, msLeft] = read.data;
      return { places, wrong, msLeft };
    },
    leave: async (key, token) => void (await redisCall(redis.zrem(`places:${name}:${key}`, token))),
  };
}

/** For the one gateway that runs without Redis: nothing here outlives a request, so nothing needs to lapse. */
export function createPlacesInMemory(counter: RateLimiterAbstract): Places {
  const taken = new Map<string, Set<string>>();
  return {
    async take(key, token) {
      const tokens = (taken.get(key) ?? new Set()).add(token);
      taken.set(key, tokens);
      const state = await counter.get(key);
      return { places: tokens.size, wrong: state?.consumedPoints ?? 0, msLeft: state?.msBeforeNext ?? 0 };
    },
    async leave(key, token) {
      const tokens = taken.get(key);
      tokens?.delete(token);
      if (tokens?.size === 0) taken.delete(key);
    },
  };
}
