import type { Account, RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import type { StoredHash } from '../hashing/password-hasher.ts';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

export interface NewAccount {
  id: string;
  username: string;
  hash: StoredHash;
  roles: string[];
}

/** Stores an account and its event in one statement; neither where the name is taken. */
export async function insertAccount(
  db: Queryable,
  { id, username, hash, roles }: NewAccount,
  event: RecordedEvent,
): Promise<Account | undefined> {
  const [row] = await db.query<AccountRow>(
    `with created as (
       insert into users.account (id, username, password_hash, pepper_id, roles) values ($1, $2, $3, $4, $5)
       on conflict on constraint account_username_key do nothing
       returning ${accountColumns}),
     recorded as (
       insert into users.outbox (event_id, body) select $6::uuid, $7::text from created)
     select * from created`,
    [id, username, hash.hash, hash.pepperId, roles, event.id, event.body],
  );
  return row && toAccount(row);
}
