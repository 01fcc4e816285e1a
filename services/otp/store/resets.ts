import type { Queryable } from '@sallyport/postgres';

/** What became of a reset, and the version of the factor after it. */
export interface SettledReset {
  outcome: 'reset' | 'overtaken';
  factorVersion: number;
}

/** Locks the account's factor, behind which all that concerns it waits; undefined where there never was one. */
export async function lockFactor(tx: Queryable, userId: string) {
  const [row] = await tx.query<{ version: number; active: boolean }>(
    'select version, active from otp.factor where user_id = $1 for update',
    [userId],
  );
  return row;
}

export async function findReset(tx: Queryable, resetId: string, userId: string): Promise<SettledReset | undefined> {
  const [row] = await tx.query<{ outcome: SettledReset['outcome']; factor_version: number }>(
    'select outcome, factor_version from otp.reset where reset_id = $1 and user_id = $2',
    [resetId, userId],
  );
  return row && { outcome: row.outcome, factorVersion: row.factor_version };
}

export async function insertReset(tx: Queryable, resetId: string, userId: string, reset: SettledReset): Promise<void> {
  await tx.query('insert into otp.reset (reset_id, user_id, outcome, factor_version) values ($1, $2, $3, $4)', [
    resetId,
    userId,
    reset.outcome,
    reset.factorVersion,
  ]);
}
