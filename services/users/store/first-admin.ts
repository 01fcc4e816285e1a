import type { Queryable } from '@sallyport/postgres';

/** Lets one transaction at a time create the first admin. */
export async function lockFirstAdmin(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('sallyport/users/first-admin'))`);
}

/** What stands against creating an admin of that name, if anything. */
export async function findObstacle(
  db: Queryable,
  username: string,
): Promise<'name-taken' | 'admin-exists' | undefined> {
  const [found] = await db.query<{ taken: boolean; admin: boolean }>(
    `select exists (select from users.account where username = $1) as taken,
       exists (select from users.account where 'admin' = any (roles)) as admin`,
    [username],
  );
  if (found?.taken) return 'name-taken';
  return found?.admin ? 'admin-exists' : undefined;
}
