export { type DatabaseUrl, parseDatabaseUrl } from './database-url.ts';
export {
  amqpUrls,
  cidrs,
  databaseUrl,
  days,
  logLevel,
  opsPort,
  origins,
  port,
  redisUrl,
  roles,
  seconds,
  secrets,
  tries,
  url,
  urls,
  wholeNumber,
} from './fields.ts';
export { keepApart } from './keep-apart.ts';
export { type Key, KeyRing, keyRing } from './key-ring.ts';
export { ConfigError, readConfig } from './read-config.ts';
export { parseRedisUrl, type RedisAddress } from './redis-url.ts';
export { tracingVariables } from './tracing-variables.ts';
