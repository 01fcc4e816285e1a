import { z } from 'zod';

export const AccountId = z.uuid();

export const Role = z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/);

/** An account as users knows it; `epoch` is the credential version, which rises with whatever ends sessions. */
export const Account = z.strictObject({
  id: AccountId,
  username: z.string(),
  roles: z.array(Role),
  otp_enabled: z.boolean(),
  factor_version: z.int().nonnegative(),
  epoch: z.int().positive(),
  locked: z.boolean(),
  created_at: z.iso.datetime(),
});
export type Account = z.infer<typeof Account>;

/** Roles as they are given to an account. */
export const Roles = z.array(Role).max(32);

/** What asks for such a page: ids after this one, from the first by default. */
export const FlagQuery = z.object({
  after: AccountId.default('00000000-0000-0000-0000-000000000000'),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

/** A page of flags (users) or factors (otp) in the order of ids, for the sweep that compares them. */
export const FlagPage = z.strictObject({
  flags: z.array(z.strictObject({ id: AccountId, active: z.boolean(), factor_version: z.int().nonnegative() })),
});
