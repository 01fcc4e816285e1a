import { type ClockWatch, openClockWatch } from '@sallyport/http';
import { createLogger, type Logger, tellTrouble } from '@sallyport/logger';
import { createRegistry, watchPostgres } from '@sallyport/metrics';
import { type Db, databaseNow, openDb, requireMigrated, warnOfSettings } from '@sallyport/postgres';
import { randomBytes } from '@sallyport/random';
import { type OpenTracing, openTracing } from '@sallyport/tracing';
import type { Registry } from 'prom-client';
import type { UsersConfig } from './config.ts';
import { type CoverageView, openCoverage } from './domain/coverage.ts';
import { createFirstAdmin } from './domain/create-first-admin.ts';
import { type Decoys, openDecoys } from './domain/decoys.ts';
import { findPepperFault } from './domain/find-pepper-fault.ts';
import { openHasher, type PasswordHasher } from './hashing/password-hasher.ts';
import { usersMigrations } from './migrations.ts';

/** What the service stands on, opened once. */
export interface UsersContext {
  config: UsersConfig;
  db: Db;
  logger: Logger;
  registry: Registry;
  tracing: OpenTracing | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
  clock: ClockWatch;
  randomBytes: (count: number) => Buffer;
  hasher: PasswordHasher;
  decoys: Decoys;
  coverage: CoverageView;
  close: () => Promise<void>;
}

export type Overrides = Partial<Pick<UsersContext, 'now' | 'randomBytes'>> & { databaseNow?: () => Promise<number> };

/** @throws Error with one clear sentence when the service can't start */
export async function openContext(config: UsersConfig, overrides: Overrides): Promise<UsersContext> {
  const logger = createLogger('users', config.LOG_LEVEL);
  const registry = createRegistry();
  if (config.BCRYPT_COST < 10) logger.warn({ cost: config.BCRYPT_COST }, 'BCRYPT_COST is below 10: for trials only');

  await using opened = new AsyncDisposableStack();
  const tracing = opened.adopt(
    await openTracing({ part: 'users', config, onTrouble: tellTrouble(logger, 'traces') }),
    (it) => it?.close(),
  );
  const onError = tellTrouble(logger, 'postgres');
  const { measure, show } = watchPostgres(registry);
  const pool = openDb({ url: config.DATABASE_URL, name: 'sallyport-users', measure, onError });
  const db = opened.adopt(pool, (it) => it.close());
  show(db.connections);
  await requireMigrated(db, { name: 'users', url: config.DATABASE_URL, migrations: usersMigrations });
  await warnOfSettings(db, logger);
  const fault = await findPepperFault(db, config.PASSWORD_PEPPERS);
  if (fault !== undefined) throw new Error(fault);

  const now = overrides.now ?? Date.now;
  const clocks = { now, databaseNow: overrides.databaseNow ?? (() => databaseNow(db)), registry, logger };
  const clock = opened.adopt(await openClockWatch(clocks), (it) => it.close());
  const hasher = opened.adopt(
    openHasher({
      peppers: config.PASSWORD_PEPPERS,
      cost: config.BCRYPT_COST,
      lanes: config.BCRYPT_LANES,
      registry,
      onTrouble: (trouble) => logger.warn({ trouble }, 'passwords are compared one by one'),
    }),
    (it) => it.close(),
  );
  const decoys = opened.adopt(await openDecoys({ db, emptyCost: config.BCRYPT_COST, logger }), (it) => it.close());
  const context = {
    config,
    db,
    logger,
    registry,
    tracing,
    now,
    clock,
    randomBytes: overrides.randomBytes ?? randomBytes,
    hasher,
    decoys,
    coverage: openCoverage(db, now),
  };
  await createFirstAdmin(context);
  const all = opened.move();
  return { ...context, close: () => all.disposeAsync() };
}
