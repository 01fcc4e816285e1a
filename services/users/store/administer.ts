import type { Account, RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import { type AccountRow, accountColumns, toAccount } from './account-row.ts';

/** An account's change by an admin and its event in one statement; undefined where there was nothing to change. */
type AdminStatement = (
  tx: Queryable,
  id: string,
  event: RecordedEvent,
  ...values: unknown[]
) => Promise<Account | undefined>;

/** Ends all that was issued to the account, and any login in flight. */
export const lockAccount = change('locked_at = clock_timestamp(), epoch = epoch + 1', 'locked_at is null');

/**
 * The epoch never goes back, so that nothing from before the lock comes back. It rises where a lock ends: whoever tells of
 * that lock late, having read it in time, tells of an older epoch, and locks nobody out again.
 */
export const unlockAccount = change('locked_at = null, epoch = epoch + case when locked_at is null then 0 else 1 end');

export const raiseEpoch = change('epoch = epoch + 1');

/** A role taken away ends what was issued under it; one that is given ends nothing. */
export const replaceRoles = change(
  'roles = $4::text[], epoch = epoch + case when roles <@ $4::text[] then 0 else 1 end',
  'not (roles <@ $4::text[] and roles @> $4::text[])',
);

function change(set: string, condition = 'true'): AdminStatement {
  const statement = `
    with changed as (
      update users.account set ${set} where id = $1 and ${condition}
      returning ${accountColumns}
    ), recorded as (
      insert into users.outbox (event_id, body) select $2::uuid, $3::text from changed
    )
    select * from changed`;
  return async (tx, id, event, ...values) => {
    const [row] = await tx.query<AccountRow>(statement, [id, event.id, event.body, ...values]);
    return row && toAccount(row);
  };
}
