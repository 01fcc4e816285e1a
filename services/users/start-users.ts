import { type RunningPart, servePart } from '@sallyport/http';
import { createApp } from './app.ts';
import type { UsersConfig } from './config.ts';
import { type Overrides, openContext } from './context.ts';

export async function startUsers(config: UsersConfig, overrides: Overrides = {}): Promise<RunningPart> {
  const context = await openContext(config, overrides);
  const { clock, db, logger, registry, close } = context;
  return servePart({
    name: 'users',
    host: config.HOST,
    port: config.USERS_PORT,
    opsPort: config.OPS_PORT,
    stopDelayMs: config.STOP_DELAY_SECONDS * 1_000,
    app: createApp(context),
    registry,
    logger,
    dependencies: {
      postgres: { check: () => db.query('select 1'), required: true },
      clock: { check: async () => clock.requireRight(), required: true },
    },
    close,
  });
}
