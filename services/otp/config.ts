import {
  databaseUrl,
  keepApart,
  keyRing,
  logLevel,
  opsPort,
  port,
  redisUrl,
  seconds,
  secrets,
  tracingVariables,
  tries,
  wholeNumber,
} from '@sallyport/config';
import { z } from 'zod';

const issuer = z
  .string()
  .regex(/^[^:\p{Cc}]{1,64}$/u, 'must be 1 to 64 characters without a colon')
  .default('Sallyport');

export const OtpConfig = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    OTP_PORT: port(8082),
    OPS_PORT: opsPort,
    STOP_DELAY_SECONDS: wholeNumber(0, 60).default(0),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SERVICE_SECRETS: secrets,
    OTP_ENCRYPTION_KEYS: keyRing((bytes) => bytes.length === 32, '32 bytes'),
    OTP_WINDOW: wholeNumber(0, 10).default(1),
    OTP_ISSUER: issuer,
    OTP_LOCK_AFTER: tries(10),
    OTP_HARD_LOCK_AFTER: tries(100),
    ENROLMENT_SECONDS: seconds(600),
    LOG_LEVEL: logLevel,
    ...tracingVariables,
  })
  .superRefine(...keepApart('OTP_ENCRYPTION_KEYS', 'SERVICE_SECRETS'));
export type OtpConfig = z.infer<typeof OtpConfig>;
