import { AuditEvent } from '@sallyport/audit/log';
import { z } from 'zod';

/** What the gateway answers; the OpenAPI document is made from these. */

const when = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });
const seconds = z.int().positive().meta({ description: 'Whole seconds from now' });

export const User = z
  .object({
    id: z.uuid(),
    username: z.string(),
    otp_enabled: z.boolean(),
    roles: z.array(z.string()),
    created_at: when,
  })
  .meta({ id: 'User' });

const tokenFields = {
  token_type: z.literal('Bearer'),
  access_token: z.string().meta({ description: 'A JWT (ES256, RFC 9068)' }),
  expires_in: seconds,
  refresh_token: z.string(),
  refresh_expires_in: seconds,
  device_token: z
    .string()
    .nullable()
    .meta({ description: 'Sent with later logins, it makes this a known device; null where that was removed' }),
  user: User,
};

export const Tokens = z.object(tokenFields).meta({ id: 'Tokens' });

const Notices = z
  .object({
    otp_reset_at: when.nullable().meta({ description: 'When admins reset the second factor; told once' }),
    wrong_codes: z.int().nonnegative().meta({ description: 'Wrong codes after right passwords since the last login' }),
  })
  .meta({ id: 'Notices', description: 'What the owner should hear' });

export const LoginComplete = z
  .object({ status: z.literal('complete'), notices: Notices, ...tokenFields })
  .meta({ id: 'LoginComplete' });

const OtpRequired = z
  .object({
    status: z.literal('otp_required'),
    challenge: z.string().meta({ description: 'Good for POST /login/otp alone' }),
    expires_in: seconds,
    methods: z.array(z.enum(['otp', 'recovery_code'])),
  })
  .meta({ id: 'OtpRequired' });

export const LoginAnswer = z.discriminatedUnion('status', [LoginComplete, OtpRequired]);

export const OtpState = z
  .object({ otp_enabled: z.boolean(), enabled_at: when.nullable(), recovery_codes_left: z.int().nonnegative() })
  .meta({ id: 'OtpState' });

export const OtpSetup = z
  .object({
    secret: z.string().meta({ description: 'Base32, for apps without a camera' }),
    otpauth_uri: z.string(),
    qr_code: z.string().meta({ description: 'PNG as a data URI' }),
    expires_in: seconds,
  })
  .meta({ id: 'OtpSetup' });

const recoveryCodes = z.array(z.string()).length(10).meta({ description: 'Shown once; each is good once' });

export const OtpEnabled = z
  .object({ otp_enabled: z.literal(true), recovery_codes: recoveryCodes, ...tokenFields })
  .meta({ id: 'OtpEnabled' });

export const OtpDisabled = z.object({ otp_enabled: z.literal(false) }).meta({ id: 'OtpDisabled' });

export const RecoveryCodes = z.object({ recovery_codes: recoveryCodes }).meta({ id: 'RecoveryCodes' });

/** A session or a device, as its owner sees it. */
const Place = z.object({
  id: z.uuid(),
  created_at: when,
  last_used_at: when,
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  current: z.boolean(),
});

export const SessionList = z
  .object({
    sessions: z.array(Place),
  })
  .meta({ id: 'SessionList' });

export const DeviceList = z
  .object({
    devices: z.array(Place),
  })
  .meta({ id: 'DeviceList' });

const adminUser = {
  id: z.uuid(),
  username: z.string(),
  roles: z.array(z.string()),
  otp_enabled: z.boolean(),
  locked: z.boolean(),
  created_at: when,
};

export const AdminUser = z.object(adminUser).meta({ id: 'AdminUser' });

export const ViewedUser = z
  .object({
    ...adminUser,
    wrong_codes: z.int().nonnegative().meta({ description: 'In a row now; before each came the right password' }),
  })
  .meta({ id: 'ViewedUser' });

export const ViewedUsers = z.object({ users: z.array(ViewedUser).max(1) }).meta({ id: 'ViewedUsers' });

const count = z.int().nonnegative();

export const Coverage = z
  .object({
    accounts: count,
    with_factor: count,
    without_factor: count,
    locked: count,
    few_recovery_codes: count.meta({ description: 'With a factor and under three unused recovery codes' }),
    by_role: z
      .record(z.string(), z.object({ with_factor: count, without_factor: count }))
      .meta({ description: '`none` are the accounts without any role' }),
  })
  .meta({ id: 'Coverage' });

export const OtpResetPending = z
  .object({ reset_id: z.uuid(), status: z.literal('pending') })
  .meta({ id: 'OtpResetPending' });

export const OtpResetDone = z.object({ reset_id: z.uuid(), status: z.literal('done') }).meta({ id: 'OtpResetDone' });

export const IpBlock = z
  .object({
    id: z.uuid(),
    cidr: z.string().meta({ description: 'Host bits zero, IPv4-mapped forms folded' }),
    reason: z.string(),
    created_at: when,
    expires_at: when.nullable(),
    created_by: z.uuid().nullable().meta({ description: 'The admin; null where a limit made it' }),
  })
  .meta({ id: 'IpBlock' });

export const IpBlockList = z.object({ ip_blocks: z.array(IpBlock) }).meta({ id: 'IpBlockList' });

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.string())) }).meta({ id: 'Jwks' });

export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

export const AuditEvents = z
  .object({ events: z.array(AuditEvent.meta({ id: 'AuditEvent' })), last_sequence: z.string().regex(/^\d+$/) })
  .meta({ id: 'AuditEvents' });
