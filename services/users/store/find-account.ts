import type { Account } from '@sallyport/contracts';
import { gathered, type Queryable } from '@sallyport/postgres';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

export const findAccount = gathered(async (db, ids: readonly string[]) => {
  const rows = await db.query<AccountRow>(`select ${accountColumns} from users.account where id = any ($1::uuid[])`, [
    ids,
  ]);
  const found = new Map(rows.map((row) => [row.id, toAccount(row)]));
  return ids.map((id) => found.get(id));
});

/** @param username in its canonical form */
export async function findAccountByName(db: Queryable, username: string): Promise<Account | undefined> {
  const [row] = await db.query<AccountRow>(`select ${accountColumns} from users.account where username = $1`, [
    username,
  ]);
  return row && toAccount(row);
}
