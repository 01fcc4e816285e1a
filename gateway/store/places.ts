import { type RedisClient, redisCall } from '@sallyport/redis';

/*
 * Places for guesses that are being checked right now, by key. A place is taken by one atomic step and lapses on its
 * own: a process that dies, or an answer of the store that never came, holds it no longer than a request can last.
 */

const lapseSeconds = 30;

export interface Places {
  /** Takes a place under a token; how many are taken with it, lapsed ones aside. */
  take(key: string, token: string): Promise<number>;
  leave(key: string, token: string): Promise<void>;
}

const take = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ${lapseSeconds}, ARGV[1])
redis.call('EXPIRE', KEYS[1], ${lapseSeconds})
return redis.call('ZCARD', KEYS[1])`;

export function createPlacesInRedis(redis: RedisClient, name: string): Places {
  return {
    take: async (key, token) => Number(await redisCall(redis.eval(take, 1, `places:${name}:${key}`, token))),
    leave: async (key, token) => void (await redisCall(redis.zrem(`places:${name}:${key}`, token))),
  };
}

/** For the one gateway that runs without Redis: nothing here outlives a request, so nothing needs to lapse. */
export function createPlacesInMemory(): Places {
  const taken = new Map<string, Set<string>>();
  return {
    async take(key, token) {
      const tokens = taken.get(key) ?? new Set();
      taken.set(key, tokens.add(token));
      return tokens.size;
    },
    async leave(key, token) {
      const tokens = taken.get(key);
      tokens?.delete(token);
      if (tokens?.size === 0) taken.delete(key);
    },
  };
}
