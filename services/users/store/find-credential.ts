import type { Account } from '@sallyport/contracts';
import { gathered, type Queryable } from '@sallyport/postgres';
import type { StoredHash } from '../hashing/password-hasher.ts';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

/** An account with what its password is compared with. */
export interface Credential {
  account: Account;
  stored: StoredHash;
}

type Row = AccountRow & { password_hash: string; pepper_id: string };

const columns = `${accountColumns}, password_hash, pepper_id`;

export const findCredentialByName = gathered(async (db, usernames: readonly string[]) => {
  const rows = await db.query<Row>(`select ${columns} from users.account where username = any ($1::text[])`, [
    usernames,
  ]);
  const found = new Map(rows.map((row) => [row.username, toCredential(row)]));
  return usernames.map((username) => found.get(username));
});

export async function findCredentialById(db: Queryable, id: string): Promise<Credential | undefined> {
  const [row] = await db.query<Row>(`select ${columns} from users.account where id = $1`, [id]);
  return row && toCredential(row);
}

function toCredential(row: Row): Credential {
  return { account: toAccount(row), stored: { hash: row.password_hash, pepperId: row.pepper_id } };
}
