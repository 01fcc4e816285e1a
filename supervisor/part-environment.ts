// Each part gets the operator's environment, but of the secrets only its own: what a part doesn't know it can't leak.
import type { Ports } from './choose-ports.ts';
import { compileCacheFolder } from './compile-cache.ts';
import type { Keys } from './generate-keys.ts';

export type PartName = 'users' | 'otp' | 'gateway';

const guarded = [
  'SERVICE_SECRETS',
  'USERS_SERVICE_SECRETS',
  'OTP_SERVICE_SECRETS',
  'PASSWORD_PEPPERS',
  'OTP_ENCRYPTION_KEYS',
  'TOKEN_SIGNING_KEYS',
  'AUDIT_SIGNING_KEYS',
  'POSTGRES_PASSWORD',
  'ADMIN_USERNAME',
  'ADMIN_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
  'AMQP_URL',
];

export interface Installation {
  env: NodeJS.ProcessEnv;
  keys: Keys;
  host: string;
  ports: Record<PartName, Ports>;
  databaseUrl: string;
  /** Where compiled code may be kept. */
  dataFolder?: string;
}

export function createPartEnvironment(part: PartName, installation: Installation): NodeJS.ProcessEnv {
  const { env, host, ports, databaseUrl, dataFolder } = installation;
  const shared = Object.fromEntries(Object.entries(env).filter(([name]) => !guarded.includes(name)));
  return {
    ...(dataFolder === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheFolder(dataFolder) }),
    ...shared,
    ...ownSecrets(part, installation),
    ...(env.OTEL_SERVICE_NAME ? { OTEL_SERVICE_NAME: `${env.OTEL_SERVICE_NAME}-${part}` } : {}),
    HOST: host,
    DATABASE_URL: databaseUrl,
    [`${part.toUpperCase()}_PORT`]: String(ports[part].http),
    OPS_PORT: String(ports[part].ops),
    SALLYPORT_STOP_ON_STDIN_END: '1',
  };
}

function ownSecrets(part: PartName, { env, keys, host, ports }: Installation): NodeJS.ProcessEnv {
  const given = (name: keyof Keys) => env[name] || keys[name];
  const usersSecrets = env.USERS_SERVICE_SECRETS || env.SERVICE_SECRETS || keys.USERS_SERVICE_SECRETS;
  const otpSecrets = env.OTP_SERVICE_SECRETS || env.SERVICE_SECRETS || keys.OTP_SERVICE_SECRETS;
  const redisUrl = env.REDIS_URL || 'memory:';
  if (part === 'users') {
    return {
      SERVICE_SECRETS: usersSecrets,
      PASSWORD_PEPPERS: given('PASSWORD_PEPPERS'),
      ...pick(env, 'ADMIN_USERNAME', 'ADMIN_PASSWORD'),
    };
  }
  if (part === 'otp') {
    return { SERVICE_SECRETS: otpSecrets, OTP_ENCRYPTION_KEYS: given('OTP_ENCRYPTION_KEYS'), REDIS_URL: redisUrl };
  }
  return {
    USERS_SERVICE_SECRETS: usersSecrets,
    OTP_SERVICE_SECRETS: otpSecrets,
    TOKEN_SIGNING_KEYS: given('TOKEN_SIGNING_KEYS'),
    AUDIT_SIGNING_KEYS: given('AUDIT_SIGNING_KEYS'),
    USERS_URL: localUrl(host, ports.users.http),
    OTP_URL: localUrl(host, ports.otp.http),
    REDIS_URL: redisUrl,
    ...pick(env, 'AMQP_URL'),
  };
}

function pick(env: NodeJS.ProcessEnv, ...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]));
}

/** An address to connect to: a part that listens on all of them is reached over loopback. */
function localUrl(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
