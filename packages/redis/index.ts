export { isMemory, openRedis, type RedisClient, redisCall, whenReady } from './open-redis.ts';
export { isReachable, pingRedis } from './ping-redis.ts';
export { whenEvicting } from './when-evicting.ts';
