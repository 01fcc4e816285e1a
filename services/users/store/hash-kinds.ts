import type { Queryable } from '@sallyport/postgres';

export interface HashKind {
  cost: number;
  pepperId: string;
}

export interface CostCount {
  cost: number;
  accounts: number;
}

/** Which kinds of hashes there are: one step of an index for each. */
export async function findHashKinds(db: Queryable): Promise<HashKind[]> {
  const next = (condition: string) => `select pepper_id, substr(password_hash, 5, 2) as cost from users.account
    ${condition} order by pepper_id, substr(password_hash, 5, 2) limit 1`;
  return db.query<HashKind>(
    `with recursive kind as (
       (${next('')})
       union all
       select following.* from kind cross join lateral (
         ${next('where (pepper_id, substr(password_hash, 5, 2)) > (kind.pepper_id, kind.cost)')}) as following
     )
     select pepper_id as "pepperId", cost::int from kind`,
  );
}

const pageRows = 20_000;
const beforeAll = '00000000-0000-0000-0000-000000000000';

/**
 * How many accounts have a hash of each cost; counted only where there are several, in pages, so that no statement lasts.
 * A single cost counts 1.
 */
export async function countCosts(db: Queryable): Promise<CostCount[]> {
  const costs = [...new Set((await findHashKinds(db)).map(({ cost }) => cost))];
  if (costs.length <= 1) return costs.map((cost) => ({ cost, accounts: 1 }));
  const counts = new Map<number, number>();
  for (let after: string | null = beforeAll; after !== null; ) {
    const rows: (CostCount & { last: string; page: number })[] = await db.query(
      `with page as (
         select id, substr(password_hash, 5, 2)::int as cost from users.account where id > $1 order by id limit ${pageRows}
       )
       select cost, count(*) as accounts, (select id from page order by id desc limit 1) as last,
         (select count(*) from page) as page
       from page group by cost`,
      [after],
    );
    for (const { cost, accounts } of rows) counts.set(cost, (counts.get(cost) ?? 0) + accounts);
    const [first] = rows;
    after = first && first.page === pageRows ? first.last : null;
  }
  return [...counts].map(([cost, accounts]) => ({ cost, accounts }));
}

/** More are not counted. */
export const mostCounted = 100_000;

/** How many accounts have a hash under a pepper, up to the most that is counted. */
export async function countOfPepper(db: Queryable, pepperId: string): Promise<number> {
  const [row] = await db.query<{ accounts: number }>(
    `select count(*) as accounts from (select from users.account where pepper_id = $1 limit ${mostCounted}) as counted`,
    [pepperId],
  );
  return row?.accounts ?? 0;
}
