export { isMemory, openRedis, type RedisClient, redisCall, whenReady } from './open-redis.ts';
