import type { Account, RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import type { StoredHash } from '../hashing/password-hasher.ts';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

/** Changes the hash, raises the epoch and records the event in one statement, if nothing came between. */
export async function updatePassword(
  db: Queryable,
  { id, epoch, hash }: { id: string; epoch: number; hash: StoredHash },
  event: RecordedEvent,
): Promise<Account | undefined> {
  const [row] = await db.query<AccountRow>(
    `with changed as (
       update users.account set password_hash = $3, pepper_id = $4, epoch = epoch + 1
       where id = $1 and epoch = $2 and locked_at is null
       returning ${accountColumns}),
     recorded as (
       insert into users.outbox (event_id, body) select $5::uuid, $6::text from changed)
     select * from changed`,
    [id, epoch, hash.hash, hash.pepperId, event.id, event.body],
  );
  return row && toAccount(row);
}
