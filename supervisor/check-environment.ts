import { ConfigError, readConfig } from '@sallyport/config';
import { GatewayConfig } from '../gateway/config.ts';
import { OtpConfig } from '../services/otp/config.ts';
import { UsersConfig } from '../services/users/config.ts';
import { readSupervisorConfig, type SupervisorConfig } from './config.ts';
import { generateKeys } from './generate-keys.ts';
import { createPartEnvironment, type Installation } from './part-environment.ts';

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
  const faults = [
    ...findFaults(() => readSupervisorConfig(env)),
    ...findFaults(() => readConfig(UsersConfig, createPartEnvironment('users', installation))),
    ...findFaults(() => readConfig(OtpConfig, createPartEnvironment('otp', installation))),
    ...findFaults(() => readConfig(GatewayConfig, createPartEnvironment('gateway', installation))),
  ];
  if (faults.length > 0) throw new ConfigError(`the configuration can't be used:\n${keepFirst(faults).join('\n')}`);
  return readSupervisorConfig(env);
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
