import {
  databaseUrl,
  keepApart,
  keyRing,
  logLevel,
  opsPort,
  port,
  secrets,
  tracingVariables,
  wholeNumber,
} from '@sallyport/config';
import { NewPassword, Username } from '@sallyport/contracts';
import { z } from 'zod';
import { mostLanes } from './hashing/hash-job.ts';

/** The environment of users; docs/configuration.md says what each means. */
export const UsersConfig = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    USERS_PORT: port(8081),
    OPS_PORT: opsPort,
    STOP_DELAY_SECONDS: wholeNumber(0, 60).default(0),
    DATABASE_URL: databaseUrl,
    SERVICE_SECRETS: secrets,
    PASSWORD_PEPPERS: keyRing((bytes) => bytes.length >= 32, 'at least 32 bytes in base64'),
    BCRYPT_COST: wholeNumber(4, 15).default(12),
    BCRYPT_LANES: wholeNumber(1, mostLanes).default(mostLanes),
    LOG_LEVEL: logLevel,
    ADMIN_USERNAME: Username.optional(),
    ADMIN_PASSWORD: NewPassword.optional(),
    ...tracingVariables,
  })
  .refine(hasBothOrNeither, {
    path: ['ADMIN_USERNAME'],
    message: 'comes with ADMIN_PASSWORD: set both or neither',
    when: () => true,
  })
  .superRefine(...keepApart('PASSWORD_PEPPERS', 'SERVICE_SECRETS'));
export type UsersConfig = z.infer<typeof UsersConfig>;

function hasBothOrNeither(given: { ADMIN_USERNAME?: unknown; ADMIN_PASSWORD?: unknown }): boolean {
  return (given.ADMIN_USERNAME === undefined) === (given.ADMIN_PASSWORD === undefined);
}
