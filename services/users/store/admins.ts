import type { Queryable } from '@sallyport/postgres';

/** Lets one transaction at a time change who is an admin: the first is made once, and the last is never lost. */
export async function lockAdmins(tx: Queryable): Promise<void> {
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

/** Whether the account is an admin that can act. */
export async function isAdmin(tx: Queryable, id: string): Promise<boolean> {
  const found = await tx.query(
    `select 1 from users.account where id = $1 and 'admin' = any (roles) and locked_at is null`,
    [id],
  );
  return found.length > 0;
}

/** Whether there is no other admin that can act. */
export async function isLastAdmin(tx: Queryable, id: string): Promise<boolean> {
  const others = await tx.query(
    `select 1 from users.account where 'admin' = any (roles) and locked_at is null and id <> $1 limit 1`,
    [id],
  );
  return others.length === 0;
}
