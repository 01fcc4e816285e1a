import type { Queryable } from '@sallyport/postgres';

/** What is now known of an account. Versions only rise, and a lock is known as of its epoch: what comes late changes nothing. */
export interface Known {
  epoch?: number;
  factorVersion?: number;
  locked?: boolean;
}

/** A session or a device that has just ended. */
export interface Ended {
  id: string;
  username: string;
}

/**
 * Raises the fence and ends, in the same transaction, every session and device that it overtakes, save the session that
 * is carried over to the new versions because it asked for the change itself, and its device.
 */
export async function raiseFence(
  tx: Queryable,
  userId: string,
  known: Known,
  reason: string,
  carriedOver?: string,
): Promise<{ sessions: Ended[]; devices: Ended[] }> {
  await tx.query(
    `insert into gateway.subject as s (user_id, epoch, factor_version, locked)
     values ($1, coalesce($2, 1), coalesce($3, 0), coalesce($4, false))
     on conflict (user_id) do update set
       epoch = greatest(s.epoch, excluded.epoch),
       factor_version = greatest(s.factor_version, excluded.factor_version),
       locked = case when $4::boolean is null or $2::bigint < s.epoch then s.locked else $4 end`,
    [userId, known.epoch ?? null, known.factorVersion ?? null, known.locked ?? null],
  );
  const sessions = await tx.query<Ended>(
    `update gateway.session s set ended_at = clock_timestamp(), end_reason = $2
     from gateway.subject f
     where s.user_id = $1 and f.user_id = $1 and s.ended_at is null and s.id is distinct from $3::uuid
       and (f.locked or s.epoch < f.epoch or s.factor_version < f.factor_version)
     returning s.id, s.username`,
    [userId, reason, carriedOver ?? null],
  );
  const devices = await tx.query<Ended>(
    `delete from gateway.device d using gateway.subject f
     where d.user_id = $1 and f.user_id = $1
       and d.id is distinct from (select device_id from gateway.session where id = $2::uuid and user_id = $1)
       and (f.locked or d.epoch < f.epoch or d.factor_version < f.factor_version)
     returning d.id, d.username`,
    [userId, carriedOver ?? null],
  );
  return { sessions, devices };
}

/** Whether the account's fence stands lower than what is known. */
export async function isBehind(db: Queryable, userId: string, known: Known): Promise<boolean> {
  const rows = await db.query(
    'select 1 from gateway.subject where user_id = $1 and (epoch < $2::bigint or factor_version < $3::bigint)',
    [userId, known.epoch ?? 0, known.factorVersion ?? 0],
  );
  return rows.length > 0;
}
