export { createRegistry } from './create-registry.ts';
export { type PostgresMetrics, watchPostgres } from './watch-postgres.ts';
export { watchRedis } from './watch-redis.ts';
