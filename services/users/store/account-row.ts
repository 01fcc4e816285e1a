import type { Account } from '@sallyport/contracts';

/** The columns of an account without its secret. */
export const accountColumns =
  'id, username, roles, otp_enabled, factor_version, epoch, locked_at is not null as locked, created_at';

export type AccountRow = Omit<Account, 'created_at'> & { created_at: Date };

export function toAccount(row: AccountRow): Account {
  const { id, username, roles, otp_enabled, factor_version, epoch, locked, created_at } = row;
  return { id, username, roles, otp_enabled, factor_version, epoch, locked, created_at: created_at.toISOString() };
}
