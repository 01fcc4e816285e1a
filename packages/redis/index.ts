export { isMemory, openRedis, type RedisClient, redisCall, whenReady } from './open-redis.ts';
export { createScript } from './script.ts';
