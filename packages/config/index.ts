export { cidrs, list, opsPort, optionalUrl, port, roles, seconds, secrets, tries } from './fields.ts';
export { type Key, KeyRing, keyRing } from './key-ring.ts';
export { ConfigError, readConfig } from './read-config.ts';
