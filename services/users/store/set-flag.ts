import type { Queryable } from '@sallyport/postgres';

export interface Flag {
  otp_enabled: boolean;
  factor_version: number;
}

/**
 * Sets the flag unless it already comes from that version of the factor or a later one; the flag that stands then.
 * The second look is a statement of its own: in one, it would not see what the first had to wait for.
 */
export async function setFlag(db: Queryable, id: string, flag: Flag): Promise<Flag | undefined> {
  const [changed] = await db.query<Flag>(
    `update users.account set otp_enabled = $2, factor_version = $3 where id = $1 and factor_version < $3
     returning otp_enabled, factor_version`,
    [id, flag.otp_enabled, flag.factor_version],
  );
  if (changed) return changed;
  const [standing] = await db.query<Flag>('select otp_enabled, factor_version from users.account where id = $1', [id]);
  return standing;
}
