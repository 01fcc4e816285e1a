import { ConfigError, keepApart, readConfig } from '@sallyport/config';
import { z } from 'zod';
import { GatewayConfig } from '../gateway/config.ts';
import { OtpConfig } from '../services/otp/config.ts';
import { UsersConfig } from '../services/users/config.ts';
import { readSupervisorConfig, type SupervisorConfig } from './config.ts';
import { generateKeys } from './generate-keys.ts';
import { createPartEnvironment, type Installation } from './part-environment.ts';

/** What no part sees together. */
const AllSecrets = z
  .object({
    PASSWORD_PEPPERS: UsersConfig.shape.PASSWORD_PEPPERS,
    OTP_ENCRYPTION_KEYS: OtpConfig.shape.OTP_ENCRYPTION_KEYS,
    USERS_SERVICE_SECRETS: GatewayConfig.shape.USERS_SERVICE_SECRETS,
    OTP_SERVICE_SECRETS: GatewayConfig.shape.OTP_SERVICE_SECRETS,
  })
  .superRefine(...keepApart('PASSWORD_PEPPERS', 'OTP_ENCRYPTION_KEYS', 'USERS_SERVICE_SECRETS', 'OTP_SERVICE_SECRETS'));

/** Reads the supervisor's variables and judges those of all parts, before anything is made. @throws ConfigError naming every fault */
export function checkEnvironment(env: NodeJS.ProcessEnv): SupervisorConfig {
  const ports = { http: 0, ops: 0 };
  const installation: Installation = {
    env,
    keys: generateKeys(),
    host: '127.0.0.1',
    ports: { users: ports, otp: ports, gateway: ports },
    databaseUrl: 'postgres://127.0.0.1/sallyport',
  };
  const [users, otp, gateway] = (['users', 'otp', 'gateway'] as const).map((part) =>
    createPartEnvironment(part, installation),
  );
  const faults = [
    ...findFaults(() => readSupervisorConfig(env)),
    ...findSharedSecret(env),
    ...findFaults(() => readConfig(UsersConfig, { ...users })),
    ...findFaults(() => readConfig(OtpConfig, { ...otp })),
    ...findFaults(() => readConfig(GatewayConfig, { ...gateway })),
    ...findFaults(() => readConfig(AllSecrets, { ...users, ...otp, ...gateway })),
  ];
  if (faults.length > 0) throw new ConfigError(`the configuration can't be used:\n${keepFirst(faults).join('\n')}`);
  return readSupervisorConfig(env);
}

/** SERVICE_SECRETS is what one service is given: here it would be that of both. */
function findSharedSecret(env: NodeJS.ProcessEnv): string[] {
  if (!env.SERVICE_SECRETS || env.USERS_SERVICE_SECRETS || env.OTP_SERVICE_SECRETS) return [];
  return ['  SERVICE_SECRETS: users and otp need one each: set USERS_SERVICE_SECRETS and OTP_SERVICE_SECRETS'];
}

function findFaults(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
}

/** The first fault of each variable: parts that share one say the same in other words. */
function keepFirst(faults: string[]): string[] {
  const nameOf = (fault: string) => fault.split(':')[0];
  return faults.filter((fault, at) => faults.findIndex((other) => nameOf(other) === nameOf(fault)) === at);
}
