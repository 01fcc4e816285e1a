import type { Account } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { findAccount } from '../store/find-account.ts';

export type AccountLookup = { outcome: 'found'; account: Account } | { outcome: 'unknown-account' };

export async function lookUpAccount({ db }: UsersContext, id: string): Promise<AccountLookup> {
  const account = await findAccount(db, id);
  return account ? { outcome: 'found', account } : { outcome: 'unknown-account' };
}
