import { eventTypeNames, eventTypes } from '@sallyport/audit/log';
import { NewPassword, Reason, Roles, Username } from '@sallyport/contracts';
import { z } from 'zod';

/** What callers send. Unknown fields are ignored; a code is a JSON string of exactly six ASCII digits. */

const SentUsername = Username.meta({ description: 'Compared after NFKC and case folding', example: 'ada@example.com' });

const Password = z.string().meta({ description: 'Compared exactly as sent after NFKC', format: 'password' });

const ChosenPassword = NewPassword.meta({ description: '8 to 256 characters, not a common one', format: 'password' });

const Otp = z
  .string()
  .regex(/^[0-9]{6}$/, 'must be a string of exactly six digits')
  .meta({ description: 'The code that the authenticator app shows', example: '492039' });

const RecoveryCode = z
  .string()
  .regex(/^[0-9A-Za-z]{4}([- ]?[0-9A-Za-z]{4}){3}$/, 'must be four groups of four letters or digits')
  .meta({ description: 'One of the ten, case and hyphens aside', example: 'Q7ZD-M4KX-0R2T-9HVC' });

/** Longer than any token of ours, so that one sent in the wrong place is told to be wrong, not too long. */
const longestToken = 4_096;

const Token = z.string().min(1).max(longestToken);

const DeviceToken = z
  .string()
  .max(longestToken)
  .optional()
  .meta({ description: 'From an earlier login on this device' });

const oneCode = { otp: Otp.optional(), recovery_code: RecoveryCode.optional() };

interface CodeFields {
  otp?: string | undefined;
  recovery_code?: string | undefined;
}

const notBoth = (body: CodeFields) => body.otp === undefined || body.recovery_code === undefined;
const bothGiven = { message: 'send otp or recovery_code, not both', path: ['recovery_code'] };
const oneOf = (body: CodeFields) => body.otp !== undefined || body.recovery_code !== undefined;
const noneGiven = { message: 'send otp or recovery_code', path: ['otp'] };

export const Signup = z.object({ username: SentUsername, password: ChosenPassword }).meta({ id: 'Signup' });

export const Login = z
  .object({ username: SentUsername, password: Password, ...oneCode, device_token: DeviceToken })
  .refine(notBoth, bothGiven)
  .meta({ id: 'Login' });

export const LoginOtp = z
  .object({ challenge: Token, ...oneCode, device_token: DeviceToken })
  .refine(notBoth, bothGiven)
  .refine(oneOf, noneGiven)
  .meta({ id: 'LoginOtp' });

export const TokenRefresh = z.object({ refresh_token: Token }).meta({ id: 'TokenRefresh' });

export const Logout = z.object({ refresh_token: Token.optional() }).meta({ id: 'Logout' });

export const PasswordChange = z
  .object({ current_password: Password, new_password: ChosenPassword, ...oneCode })
  .refine(notBoth, bothGiven)
  .meta({ id: 'PasswordChange' });

export const Reauthentication = z
  .object({ password: Password, ...oneCode })
  .refine(notBoth, bothGiven)
  .meta({ id: 'Reauthentication' });

export const OtpEnabling = z.object({ otp: Otp }).meta({ id: 'OtpEnabling' });

export const OtpDisabling = z
  .object({ password: Password, ...oneCode })
  .refine(notBoth, bothGiven)
  .meta({ id: 'OtpDisabling' });

export const OneCode = z.object(oneCode).refine(notBoth, bothGiven).meta({ id: 'OneCode' });

export const UserQuery = z.object({ username: SentUsername });

const Why = Reason.meta({ description: 'For the audit log: 1 to 200 characters', example: 'laptop stolen' });

export const AdminOrder = z.object({ reason: Why }).meta({ id: 'AdminOrder' });

export const RoleChange = z
  .object({ roles: Roles.meta({ description: 'All that the account has from now on' }), reason: Why })
  .meta({ id: 'RoleChange' });

export const IpBlockOrder = z
  .object({
    cidr: z.string().max(64).meta({ description: 'An address or CIDR range', example: '203.0.113.0/24' }),
    reason: Why,
    expires_in: z
      .int()
      .min(1)
      .max(31_536_000)
      .optional()
      .meta({ description: 'Whole seconds, up to a year; without it, until it is lifted' }),
  })
  .meta({ id: 'IpBlockOrder' });

const longestWait = 'must be a whole number of seconds from 0 to 30';

export const EventQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a sequence number')
    .default('0')
    .transform(Number)
    .meta({ description: 'The last sequence number already read' }),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
    .default('100')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 1_000, 'must be a whole number from 1 to 1000')
    .meta({ description: 'How many events at most, 1 to 1000' }),
  type: z
    .union([z.string(), z.array(z.string())])
    .transform((types) => [...new Set([types].flat().flatMap((list) => list.split(',')))])
    .refine((types) => types.every(isEventType), 'must be types of audit events')
    .optional()
    .meta({
      description: 'Only events of these types: several as a list with commas, or given several times',
      override: { type: 'array', items: { enum: eventTypeNames } },
    }),
  subject: z.uuid().optional().meta({ description: 'Only events of this account' }),
  wait: z
    .string()
    .regex(/^\d{1,2}$/, longestWait)
    .default('0')
    .transform(Number)
    .refine((seconds) => seconds <= 30, longestWait)
    .meta({ description: 'How many seconds to wait, 0 to 30, where there is no such event yet' }),
});

function isEventType(type: string): boolean {
  return Object.hasOwn(eventTypes, type);
}

/** The code of a body, if it holds one. */
export function codeOf(body: CodeFields) {
  if (body.otp !== undefined) return { method: 'otp', value: body.otp } as const;
  if (body.recovery_code !== undefined) return { method: 'recovery_code', value: body.recovery_code } as const;
  return undefined;
}
