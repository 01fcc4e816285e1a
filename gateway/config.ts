import { createPrivateKey } from 'node:crypto';
import {
  amqpUrls,
  cidrs,
  databaseUrl,
  days,
  keepApart,
  keyRing,
  logLevel,
  opsPort,
  origins,
  port,
  redisUrl,
  roles,
  seconds,
  secrets,
  tracingVariables,
  tries,
  url,
  urls,
  wholeNumber,
} from '@sallyport/config';
import { z } from 'zod';

/** The gateway's variables; docs/configuration.md says what each means. */
export const GatewayConfig = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    GATEWAY_PORT: port(8080),
    OPS_PORT: opsPort,
    STOP_DELAY_SECONDS: wholeNumber(0, 60).default(0),
    LOG_LEVEL: logLevel,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AMQP_URL: amqpUrls.optional(),
    USERS_URL: urls('http:', 'https:'),
    OTP_URL: urls('http:', 'https:'),
    USERS_SERVICE_SECRETS: secrets,
    OTP_SERVICE_SECRETS: secrets,
    TOKEN_SIGNING_KEYS: keyRing((der) => isPrivateKey(der, 'ec', 'prime256v1'), 'a PKCS#8 DER document of a P-256 key'),
    AUDIT_SIGNING_KEYS: keyRing((der) => isPrivateKey(der, 'ed25519'), 'a PKCS#8 DER document of an Ed25519 key'),
    PUBLIC_URL: url('http:', 'https:').optional(),
    TOKEN_AUDIENCE: z.string().optional(),
    TRUSTED_PROXIES: cidrs,
    CORS_ORIGINS: origins,
    SIGNUP: z.enum(['open', 'closed']).default('open'),
    OTP_REQUIRED_ROLES: roles('admin,audit'),
    ADMIN_RESET_APPROVALS: wholeNumber(1, 2).default(2),
    CHALLENGE_TRIES: tries(5),
    PASSWORD_TRIES_PER_ADDRESS: tries(10),
    PASSWORD_SLOW_AFTER: tries(100),
    ADDRESS_FAILURES: tries(100),
    SIGNUPS_PER_ADDRESS: tries(20),
    CHALLENGE_SECONDS: seconds(300),
    ACCESS_TOKEN_SECONDS: seconds(600),
    FRESH_SECONDS: seconds(300),
    SESSION_IDLE_SECONDS: seconds(3_600),
    SESSION_ABSOLUTE_SECONDS: seconds(86_400),
    AUDIT_RETENTION_DAYS: days,
    AUDIT_PERSONAL_RETENTION_DAYS: days,
    ...tracingVariables,
  })
  .superRefine(
    ...keepApart('TOKEN_SIGNING_KEYS', 'AUDIT_SIGNING_KEYS', 'USERS_SERVICE_SECRETS', 'OTP_SERVICE_SECRETS'),
  );
export type GatewayConfig = z.infer<typeof GatewayConfig>;

function isPrivateKey(der: Buffer, type: string, curve?: string): boolean {
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === type && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
  } catch {
    return false;
  }
}
