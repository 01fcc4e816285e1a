import type { RedisClient } from '@sallyport/redis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** Makes a fixed-window counter: `points` within `windowSeconds`. */
export type LimiterFactory = (name: string, points: number, windowSeconds: number) => RateLimiterAbstract;

/** Counters in Redis, shared by all gateways, or in process where there is one gateway. */
export function createLimiterFactory(redis: RedisClient | undefined): LimiterFactory {
  return (name, points, windowSeconds) => {
    const options = { keyPrefix: `limit:${name}`, points, duration: windowSeconds };
    return redis ? new RateLimiterRedis({ ...options, storeClient: redis }) : new RateLimiterMemory(options);
  };
}
