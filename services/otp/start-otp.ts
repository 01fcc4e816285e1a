import { type RunningPart, servePart } from '@sallyport/http';
import { createApp } from './app.ts';
import type { OtpConfig } from './config.ts';
import { type OtpOverrides, openContext } from './context.ts';

/** Starts the service; overrides are the seam for tests in the same process. */
export async function startOtp(config: OtpConfig, overrides: OtpOverrides = {}): Promise<RunningPart> {
  const context = await openContext(config, overrides);
  return servePart({
    name: 'otp',
    host: config.HOST,
    port: config.OTP_PORT,
    opsPort: config.OPS_PORT,
    stopDelayMs: config.STOP_DELAY_SECONDS * 1_000,
    app: createApp(context),
    registry: context.registry,
    logger: context.logger,
    dependencies: {
      postgres: { required: true, check: () => context.db.query('select 1') },
      clock: { required: true, check: async () => context.clock.requireRight() },
      redis: { required: true, check: () => context.gate.ping() },
    },
    close: context.close,
  });
}
