export { isMemory, openRedis, type RedisClient, redisCall, whenReady } from './open-redis.ts';
export { whenEvicting } from './when-evicting.ts';
