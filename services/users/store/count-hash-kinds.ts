import type { Queryable } from '@sallyport/postgres';
import type { HashKind } from '../hashing/password-hasher.ts';

export interface KindCount extends HashKind {
  accounts: number;
}

/** How many accounts have a hash of each cost and pepper. */
export async function countHashKinds(db: Queryable): Promise<KindCount[]> {
  return db.query<KindCount>(
    `select substr(password_hash, 5, 2)::int as cost, pepper_id as "pepperId", count(*) as accounts
     from users.account group by 1, 2 order by 1, 2`,
  );
}
