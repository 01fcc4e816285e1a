import { readConfig } from '@sallyport/config';
import type { RunningPart } from '@sallyport/http';
import { GatewayConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import { OtpConfig } from '../../services/otp/config.ts';
import { startOtp } from '../../services/otp/start-otp.ts';
import { type Api, createApi, openConnections } from './api.ts';
import type { Stack } from './stack.ts';

/*
 * Further parts over a stack's stores, of which some way can be another one: through a proxy, to a server that lies,
 * with a clock of their own.
 */

type Part = AsyncDisposable & { part: RunningPart; api: Api };

export async function startMoreOtp(stack: Stack, env: Record<string, string>, now = stack.clock.now): Promise<Part> {
  const { clock, redisPrefix } = stack;
  const config = readConfig(OtpConfig, { ...stack.env, SERVICE_SECRETS: stack.env.OTP_SERVICE_SECRETS, ...env });
  return partOf(await startOtp(config, { now, databaseNow: async () => clock.now(), redisPrefix }));
}

export async function startMoreGateway(stack: Stack, env: Record<string, string>): Promise<Part> {
  const { clock, redisPrefix, auditNames, parts } = stack;
  const urls = { USERS_URL: parts.users.url, OTP_URL: parts.otps[0]?.url };
  const config = readConfig(GatewayConfig, { ...stack.env, ...urls, ...env });
  const databaseNow = async () => clock.now();
  return partOf(await startGateway(config, { now: clock.now, databaseNow, redisPrefix, auditNames }));
}

function partOf(part: RunningPart): Part {
  const connections = openConnections();
  return {
    part,
    api: createApi(part.url, connections),
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await part.close();
    },
  };
}
