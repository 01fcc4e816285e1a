import { requestFields } from '@sallyport/tracing';
import { pino } from 'pino';
import { describeError } from './describe-error.ts';

export { tellTrouble } from './tell-trouble.ts';
export type Logger = pino.Logger;

/** Names whose values never reach a log, wherever they stand in a logged object, two levels deep. */
const secretNames = [
  'password',
  'current_password',
  'new_password',
  'otp',
  'code',
  'recovery_code',
  'recovery_codes',
  'secret',
  'otpauth_uri',
  'qr_code',
  'challenge',
  'access_token',
  'refresh_token',
  'device_token',
  'authorization',
  'cookie',
];

/**
 * A logger that writes one JSON object a line to stderr; stdout belongs to the ready line. What is said during a request
 * carries its id, and that of its trace.
 */
export function createLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service },
      mixin: requestFields,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => describeError(error) },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
