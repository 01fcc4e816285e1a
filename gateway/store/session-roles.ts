import type { Queryable } from '@sallyport/postgres';

/**
 * Gives live sessions the roles that their account was given at this epoch. Within an epoch roles are only added: one
 * that is taken away raises it. So what comes late, with fewer, changes nothing.
 */
export async function addRoles(tx: Queryable, userId: string, epoch: number, roles: readonly string[]): Promise<void> {
  await tx.query(
    `update gateway.session set roles = $3::text[]
     where user_id = $1 and epoch = $2 and ended_at is null
       and roles <@ $3::text[] and not roles @> $3::text[]`,
    [userId, epoch, roles],
  );
}
