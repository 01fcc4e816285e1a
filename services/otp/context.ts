import { randomBytes } from 'node:crypto';
import type { KeyRing } from '@sallyport/config';
import { type ClockWatch, openClockWatch } from '@sallyport/http';
import { createLogger, type Logger, tellTrouble } from '@sallyport/logger';
import { type Db, databaseNow, findRiskySettings, openDb, requireMigrated } from '@sallyport/postgres';
import { isMemory } from '@sallyport/redis';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { OtpConfig } from './config.ts';
import { findKeyFault, fingerprintOf } from './domain/check-keys.ts';
import { otpMigrations } from './migrations.ts';
import { type CodeGate, gateSeconds } from './store/code-gate.ts';
import { findKeysInUse, registerKey } from './store/keys.ts';
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
  const onError = tellTrouble(logger, 'postgres');
  await using opened = new AsyncDisposableStack();
  const db = opened.adopt(openDb({ url: config.DATABASE_URL, name: 'sallyport-otp', onError }), (it) => it.close());
  await checkDatabase(db, config);
  for (const setting of await findRiskySettings(db)) logger.warn({ setting }, 'PostgreSQL may lose what was committed');
  const gate = opened.adopt(await openGate(config, overrides, logger), (it) => it.close());
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
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
    codes: new Counter({
      name: 'otp_codes_total',
      help: 'Codes that were to be used, by method and outcome',
      labelNames: ['method', 'outcome'],
      registers: [registry],
    }),
    close: () => all.disposeAsync(),
  };
}

function openGate(config: OtpConfig, overrides: OtpOverrides, logger: Logger): Promise<CodeGate> {
  const ttlSeconds = gateSeconds(config.OTP_WINDOW);
  if (isMemory(config.REDIS_URL)) return Promise.resolve(openMemoryGate(ttlSeconds));
  const onError = tellTrouble(logger, 'redis');
  const onEvicting = (policy: string) => logger.warn({ policy }, 'Redis may forget used codes');
  const prefix = overrides.redisPrefix ?? 'otp:';
  return openRedisGate({ url: config.REDIS_URL, prefix, ttlSeconds, onError, onEvicting });
}

async function checkDatabase(db: Db, config: OtpConfig): Promise<void> {
  await requireMigrated(db, { name: 'otp', url: config.DATABASE_URL, migrations: otpMigrations });
  const ring = config.OTP_ENCRYPTION_KEYS;
  const fault = findKeyFault(ring, await findKeysInUse(db));
  if (fault) throw new Error(fault);
  for (const key of ring.keys) {
    await registerKey(db, key.id, { fingerprint: fingerprintOf(key.bytes), writes: key === ring.current });
  }
}
