export {
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
  wholeNumber,
} from './fields.ts';
export { keepApart } from './keep-apart.ts';
export { type Key, KeyRing, keyRing } from './key-ring.ts';
export { ConfigError, readConfig } from './read-config.ts';
