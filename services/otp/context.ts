import type { KeyRing } from '@sallyport/config';
import { type ClockWatch, openClockWatch } from '@sallyport/http';
import { createLogger, type Logger, tellTrouble } from '@sallyport/logger';
import { createRegistry, watchPostgres, watchRedis } from '@sallyport/metrics';
import { type Db, databaseNow, openDb, requireMigrated, warnOfSettings } from '@sallyport/postgres';
import { randomBytes } from '@sallyport/random';
import { isMemory } from '@sallyport/redis';
import { type OpenTracing, openTracing } from '@sallyport/tracing';
import { Counter, type Registry } from 'prom-client';
import type { OtpConfig } from './config.ts';
import { findKeyFault, fingerprintOf, fingerprintsOf } from './domain/check-keys.ts';
import { otpMigrations } from './migrations.ts';
import { type CodeGate, gateSeconds } from './store/code-gate.ts';
import { findStrangeKeys, registerKey } from './store/keys.ts';
import { openMemoryGate } from './store/memory-gate.ts';
import { openRedisGate } from './store/redis-gate.ts';

export interface OtpContext {
  config: OtpConfig;
  db: Db;
  gate: CodeGate;
  keys: KeyRing;
  /** Milliseconds since 1970. */
  now: () => number;
  clock: ClockWatch;
  randomBytes: (count: number) => Buffer;
  logger: Logger;
  registry: Registry;
  tracing: OpenTracing | undefined;
  /** Codes by method and outcome. */
  codes: Counter;
  close(): Promise<void>;
}

export interface OtpOverrides {
  now?: () => number;
  databaseNow?: () => Promise<number>;
  randomBytes?: (count: number) => Buffer;
  redisPrefix?: string;
}

/** Opens what the service stands on. @throws Error with one sentence that says why it can't start */
export async function openContext(config: OtpConfig, overrides: OtpOverrides = {}): Promise<OtpContext> {
  const logger = createLogger('otp', config.LOG_LEVEL);
  const registry = createRegistry();
  const onError = tellTrouble(logger, 'postgres');
  await using opened = new AsyncDisposableStack();
  const tracing = opened.adopt(
    await openTracing({ part: 'otp', config, onTrouble: tellTrouble(logger, 'traces') }),
    (it) => it?.close(),
  );
  const { measure, show } = watchPostgres(registry);
  const pool = openDb({ url: config.DATABASE_URL, name: 'sallyport-otp', measure, onError });
  const db = opened.adopt(pool, (it) => it.close());
  show(db.connections);
  await checkDatabase(db, config);
  await warnOfSettings(db, logger);
  const gate = opened.adopt(await openGate(config, overrides, logger, registry), (it) => it.close());
  const now = overrides.now ?? Date.now;
  const clocks = { now, databaseNow: overrides.databaseNow ?? (() => databaseNow(db)), registry, logger };
  const clock = opened.adopt(await openClockWatch(clocks), (it) => it.close());
  const all = opened.move();
  return {
    config,
    db,
    gate,
    keys: config.OTP_ENCRYPTION_KEYS,
    now,
    clock,
    randomBytes: overrides.randomBytes ?? randomBytes,
    logger,
    registry,
    tracing,
    codes: new Counter({
      name: 'otp_codes_total',
      help: 'Codes that were to be used, by method and outcome',
      labelNames: ['method', 'outcome'],
      registers: [registry],
    }),
    close: () => all.disposeAsync(),
  };
}

function openGate(config: OtpConfig, overrides: OtpOverrides, logger: Logger, registry: Registry): Promise<CodeGate> {
  const ttlSeconds = gateSeconds(config.OTP_WINDOW);
  const measure = watchRedis(registry);
  if (isMemory(config.REDIS_URL)) return Promise.resolve(openMemoryGate(ttlSeconds));
  const onError = tellTrouble(logger, 'redis');
  const onEvicting = (policy: string) => logger.warn({ policy }, 'Redis may forget used codes');
  const prefix = overrides.redisPrefix ?? 'otp:';
  return openRedisGate({ url: config.REDIS_URL, prefix, ttlSeconds, measure, onError, onEvicting });
}

async function checkDatabase(db: Db, config: OtpConfig): Promise<void> {
  await requireMigrated(db, { name: 'otp', url: config.DATABASE_URL, migrations: otpMigrations });
  const ring = config.OTP_ENCRYPTION_KEYS;
  const fault = findKeyFault(ring, await findStrangeKeys(db, fingerprintsOf(ring)));
  if (fault) throw new Error(fault);
  for (const key of ring.keys) {
    await registerKey(db, key.id, { fingerprint: fingerprintOf(key.bytes), writes: key === ring.current });
  }
}
