import type { Account } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

export async function findAccount(db: Queryable, id: string): Promise<Account | undefined> {
  const [row] = await db.query<AccountRow>(`select ${accountColumns} from users.account where id = $1`, [id]);
  return row && toAccount(row);
}

/** @param username in its canonical form */
export async function findAccountByName(db: Queryable, username: string): Promise<Account | undefined> {
  const [row] = await db.query<AccountRow>(`select ${accountColumns} from users.account where username = $1`, [
    username,
  ]);
  return row && toAccount(row);
}
