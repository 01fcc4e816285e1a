import { resolve } from 'node:path';
import { databaseUrl, logLevel, port, readConfig, redisUrl } from '@sallyport/config';
import { z } from 'zod';

const schema = z.object({
  HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: port(8080),
  USERS_PORT: port(8081),
  OTP_PORT: port(8082),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: databaseUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  LOG_LEVEL: logLevel,
});

export interface SupervisorConfig {
  host: string;
  /** As asked for; 0 wants a free one. */
  ports: { gateway: number; users: number; otp: number };
  dataFolder: string;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  logLevel: string;
}

/** @throws ConfigError naming every fault of the supervisor's own variables */
export function readSupervisorConfig(env: NodeJS.ProcessEnv): SupervisorConfig {
  const read = readConfig(schema, env);
  return {
    host: read.HOST,
    ports: { gateway: read.GATEWAY_PORT, users: read.USERS_PORT, otp: read.OTP_PORT },
    dataFolder: resolve(read.DATA_DIR),
    databaseUrl: read.DATABASE_URL,
    redisUrl: read.REDIS_URL,
    logLevel: read.LOG_LEVEL,
  };
}
