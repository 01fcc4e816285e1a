import type { Queryable } from '@sallyport/postgres';

/** Notes for the owner that the factor was reset now, in milliseconds: the notice is taken by comparing its time. */
export async function noteFactorReset(tx: Queryable, userId: string): Promise<void> {
  await tx.query(
    `update gateway.subject set factor_reset_at = date_trunc('milliseconds', clock_timestamp()) where user_id = $1`,
    [userId],
  );
}

/** Takes the notice; false where another login has. */
export async function takeFactorReset(db: Queryable, userId: string, at: Date): Promise<boolean> {
  const rows = await db.query(
    'update gateway.subject set factor_reset_at = null where user_id = $1 and factor_reset_at = $2 returning 1',
    [userId, at],
  );
  return rows.length === 1;
}
