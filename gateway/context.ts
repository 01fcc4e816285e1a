import { randomBytes, randomUUID } from 'node:crypto';
import { createServiceClient, type ReadinessCheck, type ServiceClient } from '@sallyport/http';
import { createLogger, type Logger } from '@sallyport/logger';
import { type Db, openDb, requireMigrated } from '@sallyport/postgres';
import { isMemory, openRedis, whenReady } from '@sallyport/redis';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type AuditPipeline, startAuditPipeline } from './audit/start-pipeline.ts';
import { createOtpClient, type OtpClient } from './clients/otp-client.ts';
import { createUsersClient, type UsersClient } from './clients/users-client.ts';
import type { GatewayConfig } from './config.ts';
import { type AccessTokens, createAccessTokens } from './domain/access-tokens.ts';
import { createRaiseFence } from './domain/raise-fence.ts';
import { gatewayMigrations } from './migrations.ts';
import type { ChallengeStore } from './store/challenges.ts';
import { createChallengesInMemory } from './store/challenges-in-memory.ts';
import { createChallengesInRedis } from './store/challenges-in-redis.ts';
import { type Changes, createChanges } from './store/changes.ts';
import { createLimits, type Limits } from './store/limits.ts';
import { forgetSessions } from './store/sessions.ts';

/** Everything the gateway stands on, opened once. */
export interface GatewayContext {
  config: GatewayConfig;
  publicUrl: string;
  logger: Logger;
  registry: Registry;
  now: () => number;
  randomBytes: (count: number) => Buffer;
  randomUuid: () => string;
  db: Db;
  services: { users: ServiceClient; otp: ServiceClient };
  users: UsersClient;
  otp: OtpClient;
  challenges: ChallengeStore;
  limits: Limits;
  accessTokens: AccessTokens;
  changes: Changes;
  audit: AuditPipeline;
  dependencies: Record<string, ReadinessCheck>;
  close(): Promise<void>;
}

/** What a test may put in the place of the real thing. */
export interface GatewayOverrides {
  now?: () => number;
  randomBytes?: (count: number) => Buffer;
  redisPrefix?: string;
  auditNames?: { exchange: string; queue: string };
}

export async function openContext(config: GatewayConfig, overrides: GatewayOverrides = {}): Promise<GatewayContext> {
  const logger = createLogger('gateway', config.LOG_LEVEL);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const now = overrides.now ?? Date.now;
  const source = { now, randomBytes: overrides.randomBytes ?? randomBytes };
  const db = openDb({
    url: config.DATABASE_URL,
    name: 'sallyport-gateway',
    max: 20,
    onError: warn(logger, 'postgres'),
  });
  try {
    await requireMigrated(db, { name: 'gateway', url: config.DATABASE_URL, migrations: gatewayMigrations });
  } catch (error) {
    await db.close();
    throw error;
  }
  const redis = isMemory(config.REDIS_URL)
    ? undefined
    : openRedis({
        url: config.REDIS_URL,
        prefix: overrides.redisPrefix ?? 'sallyport:',
        onError: warn(logger, 'redis'),
      });
  if (redis) await whenReady(redis);
  const services = {
    users: createServiceClient({
      service: 'users',
      url: config.USERS_URL,
      secrets: config.USERS_SERVICE_SECRETS,
      now,
      deadlineMs: 3_000,
    }),
    otp: createServiceClient({
      service: 'otp',
      url: config.OTP_URL,
      secrets: config.OTP_SERVICE_SECRETS,
      now,
      deadlineMs: 3_000,
    }),
  };
  const publicUrl = config.PUBLIC_URL?.replace(/\/$/, '') ?? `http://${config.HOST}:${config.GATEWAY_PORT}`;
  const audit = startAuditPipeline({
    ...source,
    db,
    ...services,
    publicUrl,
    ...(config.AMQP_URL ? { amqpUrl: config.AMQP_URL } : {}),
    ...(overrides.auditNames ? { names: overrides.auditNames } : {}),
    logger,
    registry,
    raiseFence: createRaiseFence(db, source),
  });
  const upkeep = setInterval(() => void forgetSessions(db).catch(warn(logger, 'postgres')), 60_000).unref();
  return {
    config,
    publicUrl,
    logger,
    registry,
    ...source,
    randomUuid: randomUUID,
    db,
    services,
    users: createUsersClient(services.users),
    otp: createOtpClient(services.otp),
    challenges: redis ? createChallengesInRedis(redis, now) : createChallengesInMemory(now),
    limits: createLimits(redis, config),
    accessTokens: createAccessTokens(config, publicUrl, now),
    changes: createChanges(db, audit),
    audit,
    dependencies: {
      postgres: { check: () => db.query('select 1'), required: true },
      redis: { check: async () => redis?.ping(), required: true },
      users: { check: () => services.users.ping(), required: true },
      otp: { check: () => services.otp.ping(), required: true },
      rabbitmq: { check: async () => assertUp(audit.relayUp()), required: false },
    },
    async close() {
      clearInterval(upkeep);
      await audit.close();
      await Promise.all([services.users.close(), services.otp.close(), db.close()]);
      redis?.disconnect();
    },
  };
}

function warn(logger: Logger, dependency: string) {
  return (error: Error) => logger.warn({ dependency, cause: error.message }, 'connection trouble');
}

function assertUp(up: boolean): void {
  if (!up) throw new Error('not connected');
}
