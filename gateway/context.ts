import { randomUUID } from 'node:crypto';
import { createCallMetrics, openClockWatch, type ReadinessCheck } from '@sallyport/http';
import { createServiceClient, type ServiceClient } from '@sallyport/http/service-client';
import { createLogger, type Logger, tellTrouble } from '@sallyport/logger';
import { createRegistry, watchPostgres, watchRedis } from '@sallyport/metrics';
import { type Db, databaseNow, openDb, requireMigrated, warnOfSettings } from '@sallyport/postgres';
import { randomBytes } from '@sallyport/random';
import { isMemory, openRedis, pingRedis, whenEvicting, whenReady } from '@sallyport/redis';
import { type OpenTracing, openTracing } from '@sallyport/tracing';
import { Counter, type Registry } from 'prom-client';
import { type Arrivals, createArrivals } from './audit/arrivals.ts';
import { type AuditPipeline, startAuditPipeline } from './audit/start-pipeline.ts';
import { forgetReaders } from './audit/store/readers.ts';
import { createOtpClient, type OtpClient } from './clients/otp-client.ts';
import { createUsersClient, type UsersClient } from './clients/users-client.ts';
import type { GatewayConfig } from './config.ts';
import { type AccessTokens, createAccessTokens, readPrivateKey } from './domain/access-tokens.ts';
import { carryOutResets } from './domain/carry-out-reset.ts';
import { createRaiseFence } from './domain/end-overtaken.ts';
import { gatewayMigrations } from './migrations.ts';
import { type BlockedAddresses, openBlockedAddresses } from './store/blocked-addresses.ts';
import type { ChallengeStore } from './store/challenges.ts';
import { createChallengesInMemory } from './store/challenges-in-memory.ts';
import { createChallengesInRedis } from './store/challenges-in-redis.ts';
import { type Changes, createChanges } from './store/changes.ts';
import { createFindLiveSession, type FindLiveSession } from './store/find-live-session.ts';
import { forgetBlocks } from './store/ip-blocks.ts';
import { getLimitKey } from './store/limit-key.ts';
import { createLimits, type Limits } from './store/limits.ts';
import { forgetSessions } from './store/sessions.ts';

/** Everything the gateway stands on, opened once. */
export interface GatewayContext {
  config: GatewayConfig;
  publicUrl: string;
  logger: Logger;
  registry: Registry;
  tracing: OpenTracing | undefined;
  now: () => number;
  randomBytes: (count: number) => Buffer;
  randomUuid: () => string;
  db: Db;
  services: { users: ServiceClient; otp: ServiceClient };
  users: UsersClient;
  otp: OtpClient;
  challenges: ChallengeStore;
  limits: Limits;
  /** Refusals by a limit. */
  limited: Counter;
  /** Hides names in the store of limits. */
  limitKey: Buffer;
  blockedAddresses: BlockedAddresses;
  accessTokens: AccessTokens;
  findLiveSession: FindLiveSession;
  changes: Changes;
  audit: AuditPipeline;
  arrivals: Arrivals;
  dependencies: Record<string, ReadinessCheck>;
  close(): Promise<void>;
}

/** What a test may put in the place of the real thing. */
export interface GatewayOverrides {
  now?: () => number;
  databaseNow?: () => Promise<number>;
  randomBytes?: (count: number) => Buffer;
  redisPrefix?: string;
  auditNames?: { exchange: string; queue: string };
}

export async function openContext(config: GatewayConfig, overrides: GatewayOverrides = {}): Promise<GatewayContext> {
  const logger = createLogger('gateway', config.LOG_LEVEL);
  const registry = createRegistry();
  const now = overrides.now ?? Date.now;
  const source = { now, randomBytes: overrides.randomBytes ?? randomBytes };
  await using opened = new AsyncDisposableStack();
  const tracing = opened.adopt(
    await openTracing({ part: 'gateway', config, onTrouble: tellTrouble(logger, 'traces') }),
    (it) => it?.close(),
  );
  const onError = tellTrouble(logger, 'postgres');
  const { measure, show } = watchPostgres(registry);
  const pool = openDb({ url: config.DATABASE_URL, name: 'sallyport-gateway', max: 20, measure, onError });
  const db = opened.adopt(pool, (it) => it.close());
  show(db.connections);
  await requireMigrated(db, { name: 'gateway', url: config.DATABASE_URL, migrations: gatewayMigrations });
  const limitKey = await getLimitKey(db);
  await warnOfSettings(db, logger);
  const clocks = { now, databaseNow: overrides.databaseNow ?? (() => databaseNow(db)), registry, logger };
  const clock = opened.adopt(await openClockWatch(clocks), (it) => it.close());
  const blockedAddresses = opened.adopt(await openBlockedAddresses(db, onError), (it) => it.close());
  const redis = await openStore(config, overrides, logger, registry);
  opened.defer(() => redis?.disconnect());
  const metrics = createCallMetrics(registry);
  const open = (service: 'users' | 'otp', urls: string[], secrets: string[]) =>
    opened.adopt(createServiceClient({ service, urls, secrets, now, metrics }), (it) => it.close());
  const services = {
    users: open('users', config.USERS_URL, config.USERS_SERVICE_SECRETS),
    otp: open('otp', config.OTP_URL, config.OTP_SERVICE_SECRETS),
  };
  const users = createUsersClient(services.users);
  const otp = createOtpClient(services.otp);
  const publicUrl = config.PUBLIC_URL?.replace(/\/+$/, '') ?? `http://${config.HOST}:${config.GATEWAY_PORT}`;
  const pipeline = startAuditPipeline({
    ...source,
    db,
    ...services,
    publicUrl,
    amqpUrls: config.AMQP_URL,
    names: overrides.auditNames,
    logger,
    registry,
    key: { id: config.AUDIT_SIGNING_KEYS.current.id, key: readPrivateKey(config.AUDIT_SIGNING_KEYS.current.bytes) },
    retention: { logDays: config.AUDIT_RETENTION_DAYS, personalDays: config.AUDIT_PERSONAL_RETENTION_DAYS },
    raiseFence: createRaiseFence(db, source),
    carryOutResets: () => carryOutResets({ ...source, db, logger, users, otp, changes: createChanges(db) }),
  });
  const audit = opened.adopt(pipeline, (it) => it.close());
  const forget = () => Promise.all([forgetSessions(db), forgetBlocks(db), forgetReaders(db)]).catch(onError);
  const upkeep = setInterval(() => void forget(), 60_000).unref();
  opened.defer(() => clearInterval(upkeep));
  const all = opened.move();
  return {
    config,
    publicUrl,
    logger,
    registry,
    tracing,
    ...source,
    randomUuid: randomUUID,
    db,
    services,
    users,
    otp,
    challenges: redis ? createChallengesInRedis(redis, now) : createChallengesInMemory(now),
    limits: createLimits(redis, config),
    limited: new Counter({
      name: 'gateway_limited_total',
      help: 'Refusals by a limit or lock, by which',
      labelNames: ['limit'],
      registers: [registry],
    }),
    limitKey,
    blockedAddresses,
    accessTokens: createAccessTokens(config, publicUrl, now),
    findLiveSession: createFindLiveSession(db, config.SESSION_IDLE_SECONDS),
    changes: createChanges(db, audit),
    audit,
    arrivals: createArrivals(db),
    dependencies: {
      postgres: { check: () => db.query('select 1'), required: true },
      redis: { check: async () => redis && pingRedis(redis), required: true },
      clock: { check: async () => clock.requireRight(), required: true },
      users: { check: () => services.users.ping(), required: true },
      otp: { check: () => services.otp.ping(), required: true },
      rabbitmq: { check: async () => assertUp(audit.relayUp()), required: false },
    },
    close: () => all.disposeAsync(),
  };
}

async function openStore(config: GatewayConfig, overrides: GatewayOverrides, logger: Logger, registry: Registry) {
  const measure = watchRedis(registry);
  if (isMemory(config.REDIS_URL)) return undefined;
  const prefix = overrides.redisPrefix ?? 'sallyport:';
  const redis = openRedis({
    url: config.REDIS_URL,
    prefix,
    measure,
    onError: tellTrouble(logger, 'redis'),
  });
  whenEvicting(redis, (policy) => logger.warn({ policy }, 'Redis may forget limits'));
  await whenReady(redis);
  return redis;
}

function assertUp(up: boolean): void {
  if (!up) throw new Error('not connected');
}
