import type { Queryable } from '@sallyport/postgres';

/** Wrong or used codes in a row over all lanes of an account. */
export async function sumWrongCodes(db: Queryable, userId: string): Promise<number> {
  const [row] = await db.query<{ wrong: number }>(
    'select coalesce(sum(attempts - accepted_at), 0)::bigint as wrong from otp.lane where user_id = $1',
    [userId],
  );
  return row?.wrong ?? 0;
}

/** Starts all lanes of an account afresh; guesses in flight are forgotten with the rest. Lanes are locked in one order. */
export async function clearLanes(db: Queryable, userId: string): Promise<void> {
  await db.query(
    `with held as (select user_id, lane from otp.lane where user_id = $1 order by lane for update)
     update otp.lane set accepted_at = attempts, locked_until = null
     from held where lane.user_id = held.user_id and lane.lane = held.lane`,
    [userId],
  );
}
