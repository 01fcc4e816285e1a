import { keyRing, opsPort, optionalUrl, port, seconds, secrets, tries } from '@sallyport/config';
import { z } from 'zod';

const redisUrl = z
  .string()
  .regex(/^(memory:$|rediss?:\/\/|redis\+sentinel:\/\/)/, 'must be redis://, rediss://, redis+sentinel:// or memory:');

const windowSteps = z
  .string()
  .regex(/^(10|\d)$/, 'must be a whole number from 0 to 10')
  .default('1')
  .transform(Number);

const issuer = z
  .string()
  .regex(/^[^:\p{Cc}]{1,64}$/u, 'must be 1 to 64 characters without a colon')
  .default('Sallyport');

export const OtpConfig = z.object({
  HOST: z.string().default('127.0.0.1'),
  OTP_PORT: port(8082),
  OPS_PORT: opsPort,
  DATABASE_URL: optionalUrl('postgres:', 'postgresql:').unwrap(),
  REDIS_URL: redisUrl,
  SERVICE_SECRETS: secrets,
  OTP_ENCRYPTION_KEYS: keyRing((bytes) => bytes.length === 32, '32 bytes'),
  OTP_WINDOW: windowSteps,
  OTP_ISSUER: issuer,
  OTP_LOCK_AFTER: tries(10),
  OTP_HARD_LOCK_AFTER: tries(100),
  ENROLMENT_SECONDS: seconds(600),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
export type OtpConfig = z.infer<typeof OtpConfig>;
