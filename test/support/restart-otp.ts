import { readConfig } from '@sallyport/config';
import { OtpConfig } from '../../services/otp/config.ts';
import { startOtp } from '../../services/otp/start-otp.ts';
import type { Stack } from './stack.ts';

/** Stops the first otp and starts it anew on its port; what it held in memory is gone. */
export async function restartOtp(stack: Stack): Promise<void> {
  const [old] = stack.parts.otps;
  if (old === undefined) throw new Error('the stack has no otp');
  await old.close();
  const { env, clock, redisPrefix } = stack;
  const { port } = new URL(old.url);
  const config = readConfig(OtpConfig, { ...env, SERVICE_SECRETS: env.OTP_SERVICE_SECRETS, OTP_PORT: port });
  // The stack ends what stands in its parts by then.
  Object.assign(old, await startOtp(config, { now: clock.now, databaseNow: async () => clock.now(), redisPrefix }));
}
