import { type Account, canonicalName } from '@sallyport/contracts';
import type { UsersContext } from '../context.ts';
import { findAccount, findAccountByName } from '../store/find-account.ts';

export type AccountLookup = { outcome: 'found'; account: Account } | { outcome: 'unknown-account' };

export async function lookUpAccount({ db }: UsersContext, id: string): Promise<AccountLookup> {
  return toLookup(await findAccount(db, id));
}

/** By any form of its name. */
export async function lookUpByName({ db }: Pick<UsersContext, 'db'>, username: string): Promise<AccountLookup> {
  const name = canonicalName(username);
  return toLookup(name === undefined ? undefined : await findAccountByName(db, name));
}

function toLookup(account: Account | undefined): AccountLookup {
  return account ? { outcome: 'found', account } : { outcome: 'unknown-account' };
}
