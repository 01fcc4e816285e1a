import type { Queryable } from '@sallyport/postgres';

export interface HashKind {
  cost: number;
  pepperId: string;
  accounts: number;
}

/** How many accounts have a hash of each cost and pepper. */
export async function countHashKinds(db: Queryable): Promise<HashKind[]> {
  return db.query<HashKind>(
    `select substr(password_hash, 5, 2)::int as cost, pepper_id as "pepperId", count(*) as accounts
     from users.account group by 1, 2 order by 1, 2`,
  );
}
