import { z } from 'zod';
import { Account, AccountId, Roles } from './account.ts';
import { NewPassword, Username } from './credentials.ts';
import { Reason } from './reason.ts';
import { RecordedEvent } from './recorded-event.ts';

/*
 * What the gateway asks of users. Expected results are 200 with an `outcome`; every other status is a failure.
 * Schemas are strict: an answer that isn't exactly one of these is no answer.
 */

const events = z.array(RecordedEvent);
const weak = z.strictObject({ outcome: z.literal('weak-password'), reason: z.enum(['too-short', 'common']) });

/** POST /accounts */
export const CreateAccount = z.object({ username: Username, password: NewPassword });
export const AccountCreation = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('created'), account: Account, events }),
  z.strictObject({ outcome: z.literal('username-taken') }),
  weak,
]);
export type AccountCreation = z.infer<typeof AccountCreation>;

/** POST /passwords/verify: by name at login, by id where a session asks again; `new_password` is judged before. */
export const VerifyPassword = z.union([
  z.object({ username: z.string(), password: z.string() }),
  z.object({ account_id: AccountId, password: z.string(), new_password: NewPassword.optional() }),
]);
export const PasswordVerification = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('accepted'), account: Account }),
  z.strictObject({
    outcome: z.literal('rejected'),
    reason: z.enum(['unknown-account', 'wrong-password', 'account-locked']),
    account_id: AccountId.nullable(),
  }),
  weak,
]);
export type PasswordVerification = z.infer<typeof PasswordVerification>;

/** GET /accounts/:id, and GET /accounts?username= by the canonical name */
export const AccountLookup = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('found'), account: Account }),
  z.strictObject({ outcome: z.literal('unknown-account') }),
]);

/** PUT /accounts/:id/password: only while the account still has the epoch at which the old one was proved. */
export const ChangePassword = z.object({ epoch: z.int().positive(), new_password: NewPassword });
export const PasswordChange = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('changed'), account: Account, events }),
  z.strictObject({ outcome: z.literal('overtaken') }),
  weak,
]);
export type PasswordChange = z.infer<typeof PasswordChange>;

/** PUT /accounts/:id/otp_flag: applied only if `factor_version` is higher than the one the flag came from. */
export const SetFlag = z.object({ otp_enabled: z.boolean(), factor_version: z.int().positive() });
export const FlagChange = z.strictObject({ otp_enabled: z.boolean(), factor_version: z.int().nonnegative() });

/** POST /accounts/:id/lock, /unlock and /end_sessions: who asks, and why. */
export const AdminOrder = z.object({ admin_id: AccountId, reason: Reason });

/** PUT /accounts/:id/roles */
export const SetRoles = AdminOrder.extend({ roles: Roles });

/** `done` also where there was nothing to do; then without events. `not-admin`: who asks is none any more. */
export const AdminChange = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('done'), account: Account, events }),
  z.strictObject({ outcome: z.enum(['unknown-account', 'last-admin', 'not-admin']) }),
]);
export type AdminChange = z.infer<typeof AdminChange>;

const count = z.int().nonnegative();

/** GET /coverage: accounts with and without a factor, in all and by role; `none` are those without any role. */
export const Coverage = z.strictObject({
  accounts: count,
  with_factor: count,
  without_factor: count,
  locked: count,
  by_role: z.record(z.string(), z.strictObject({ with_factor: count, without_factor: count })),
});
export type Coverage = z.infer<typeof Coverage>;
