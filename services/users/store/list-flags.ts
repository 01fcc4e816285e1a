import type { FlagPage } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import type { z } from 'zod';

type Flags = z.infer<typeof FlagPage>['flags'];

/** The flags of the accounts whose ids come after one, in the order of ids. */
export async function listFlags(db: Queryable, after: string, limit: number): Promise<Flags> {
  return db.query(
    `select id, otp_enabled as active, factor_version from users.account where id > $1 order by id limit $2`,
    [after, limit],
  );
}
