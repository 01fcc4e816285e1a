import { z } from 'zod';
import { AccountId } from './account.ts';
import { RecordedEvent } from './recorded-event.ts';

/*
 * What the gateway asks of otp. Expected results are 200 with an `outcome`; every other status is a failure.
 * A yes echoes the account and the attempt it is for, and the schemas are strict: nothing else is a yes.
 */

const events = z.array(RecordedEvent);
const factorVersion = z.int().positive();
const echo = { user_id: AccountId, attempt_id: z.uuid() };
const recoveryCodes = z.array(z.string()).length(10);

/** POST /enrolments: a pending enrolment, replacing an earlier pending one. */
export const StartEnrolment = z.object({ user_id: AccountId, username: z.string() });
export const EnrolmentStart = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('pending'),
    user_id: AccountId,
    secret: z.string().regex(/^[A-Z2-7]{32}$/),
    otpauth_uri: z.string().startsWith('otpauth://totp/'),
    qr_code: z.string().startsWith('data:image/png;base64,'),
    expires_in: z.int().positive(),
    events,
  }),
  z.strictObject({ outcome: z.literal('already-enabled') }),
]);

const rejected = z.strictObject({
  outcome: z.literal('rejected'),
  reason: z.enum(['wrong-code', 'used-code', 'spent-challenge']),
  events,
});

/** POST /enrolments/confirm */
export const ConfirmEnrolment = z.object({
  user_id: AccountId,
  attempt_id: z.uuid(),
  otp: z.string().regex(/^[0-9]{6}$/),
});
export const EnrolmentConfirmation = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('confirmed'),
    ...echo,
    factor_version: factorVersion,
    recovery_codes: recoveryCodes,
    events,
  }),
  rejected,
  z.strictObject({ outcome: z.literal('no-pending-enrolment') }),
  z.strictObject({ outcome: z.literal('already-enabled') }),
]);

/** GET /factors/:user_id; `factor_version` is 0 where there never was one. */
export const Factor = z.strictObject({
  user_id: AccountId,
  active: z.boolean(),
  factor_version: z.int().nonnegative(),
  enabled_at: z.iso.datetime().nullable(),
  recovery_codes_left: z.int().nonnegative(),
});
export type Factor = z.infer<typeof Factor>;

/**
 * The body of POST /codes/verify, /factors/disable and /recovery_codes: one code, for one use.
 * `challenge` names what the code answers (64 hex digits); one that has spent a code spends no second.
 * `factor_version`, where given, is the version that the caller works with.
 * `tell`: the owner will be told how many wrong codes there were, and not again.
 */
export const UseCode = z.object({
  user_id: AccountId,
  attempt_id: z.uuid(),
  lane: z.string().min(1).max(100),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  factor_version: factorVersion.optional(),
  tell: z.boolean().default(false),
  code: z.discriminatedUnion('method', [
    z.object({ method: z.literal('otp'), value: z.string().regex(/^[0-9]{6}$/) }),
    z.object({ method: z.literal('recovery_code'), value: z.string() }),
  ]),
});
export type UseCode = z.input<typeof UseCode>;

const refusals = [
  rejected,
  z.strictObject({ outcome: z.literal('locked'), retry_after_seconds: z.int().positive(), events }),
  z.strictObject({ outcome: z.literal('no-factor') }),
  z.strictObject({ outcome: z.literal('overtaken') }),
] as const;

const accepted = { ...echo, factor_version: factorVersion, recovery_codes_left: z.int().nonnegative(), events };

export const CodeVerification = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('accepted'), ...accepted, wrong_codes: z.int().nonnegative() }),
  ...refusals,
]);
export type CodeVerification = z.infer<typeof CodeVerification>;

/** POST /factors/disable: `factor_version` is the one the account has from now on. */
export const FactorRemoval = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('disabled'), ...accepted }),
  ...refusals,
]);

/** POST /recovery_codes: ten new ones, the old are void. */
export const Regeneration = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('regenerated'), ...accepted, recovery_codes: recoveryCodes }),
  ...refusals,
]);

/** GET /lanes/:user_id, and POST /lanes/:user_id/unlock: wrong codes in a row now, over all lanes. */
export const WrongCodes = z.strictObject({ user_id: AccountId, wrong_codes: z.int().nonnegative() });

/** GET /coverage: accounts whose recovery codes run out. */
export const Coverage = z.strictObject({ few_recovery_codes: z.int().nonnegative() });

/**
 * POST /factors/reset: takes the factor away without a code, if it is still the one of that version. The same reset
 * asked for again gets the same answer, without events.
 */
export const ResetFactor = z.object({
  user_id: AccountId,
  reset_id: z.uuid(),
  factor_version: factorVersion,
  /** Who decided it, and why, for the audit event. */
  actor: z.object({ type: z.enum(['account', 'operator']), id: AccountId.nullable() }),
  reason: z.string(),
});
export type ResetFactor = z.infer<typeof ResetFactor>;

/** `factor_version` is the one the account has from then on; `overtaken`: another factor, or none, stands there. */
export const FactorReset = z.strictObject({
  outcome: z.enum(['reset', 'overtaken']),
  user_id: AccountId,
  reset_id: z.uuid(),
  factor_version: z.int().nonnegative(),
  events,
});
