import { keyRing, opsPort, port, secrets } from '@sallyport/config';
import { canonicalName } from '@sallyport/contracts';
import { z } from 'zod';

const isPostgresUrl = (text: string) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);

/** The environment of users; docs/configuration.md says what each means. */
export const UsersConfig = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    USERS_PORT: port(8081),
    OPS_PORT: opsPort,
    DATABASE_URL: z.string().refine(isPostgresUrl, 'must be a URL (postgres:, postgresql:)'),
    SERVICE_SECRETS: secrets,
    PASSWORD_PEPPERS: keyRing((bytes) => bytes.length >= 32, 'at least 32 bytes in base64'),
    BCRYPT_COST: z
      .string()
      .regex(/^([4-9]|1[0-5])$/, 'must be a whole number from 4 to 15')
      .default('12')
      .transform(Number),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    ADMIN_USERNAME: z
      .string()
      .refine((name) => canonicalName(name) !== undefined, 'must be a username: 3 to 254 characters, nothing invisible')
      .optional(),
    ADMIN_PASSWORD: z.string().optional(),
  })
  .refine(hasBothOrNeither, {
    path: ['ADMIN_USERNAME'],
    message: 'comes with ADMIN_PASSWORD: set both or neither',
    when: () => true,
  });
export type UsersConfig = z.infer<typeof UsersConfig>;

function hasBothOrNeither(given: { ADMIN_USERNAME?: unknown; ADMIN_PASSWORD?: unknown }): boolean {
  return (given.ADMIN_USERNAME === undefined) === (given.ADMIN_PASSWORD === undefined);
}
