import type { Queryable } from '@sallyport/postgres';

/** Whether a second factor is demanded, and the version of the factor that this comes from. */
export interface Flag {
  otp_enabled: boolean;
  factor_version: number;
}

/** Sets the flag if it comes from a later version than the one that stands. */
export async function raiseFlag(db: Queryable, id: string, flag: Flag): Promise<Flag | undefined> {
  const [changed] = await db.query<Flag>(
    `update users.account set otp_enabled = $2, factor_version = $3 where id = $1 and factor_version < $3
     returning otp_enabled, factor_version`,
    [id, flag.otp_enabled, flag.factor_version],
  );
  return changed;
}

export async function findFlag(db: Queryable, id: string): Promise<Flag | undefined> {
  const [flag] = await db.query<Flag>('select otp_enabled, factor_version from users.account where id = $1', [id]);
  return flag;
}

export async function listFlags(db: Queryable, after: string, limit: number) {
  return db.query<{ id: string; active: boolean; factor_version: number }>(
    `select id, otp_enabled as active, factor_version from users.account where id > $1 order by id limit $2`,
    [after, limit],
  );
}
