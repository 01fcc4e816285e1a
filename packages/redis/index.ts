export { isMemory, openRedis, type RedisClient, redisCall } from './open-redis.ts';
