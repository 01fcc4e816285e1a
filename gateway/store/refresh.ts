import type { Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';
import { deviceKey, live, type Session, type SessionRow, secondsLeft, toSession } from './sessions.ts';

/** What a refresh has to know; `live` is false for a session that ended or was overtaken. */
export interface RefreshView extends Session {
  live: boolean;
  secondsSinceRotation: number;
}

export async function findForRefresh(db: Queryable, id: string, idleSeconds: number): Promise<RefreshView | undefined> {
  const [row] = await db.query<SessionRow & { live: boolean; rotated_ago: number }>(
    `select s.*, ${secondsLeft('s')}, ${deviceKey('s')}, ${live('$2')} as live,
       extract(epoch from clock_timestamp() - s.rotated_at)::float8 as rotated_ago
     from gateway.session s join gateway.subject f using (user_id) where s.id = $1`,
    [id, idleSeconds],
  );
  return row && { ...toSession(row), live: row.live, secondsSinceRotation: row.rotated_ago };
}

/**
 * Moves a live session to its next refresh token, once: the number and the fence are checked by the statement, which
 * records the events as well. True, or undefined where somebody was faster or the session is dead.
 */
export async function rotateRefresh(
  db: Queryable,
  session: Session,
  next: { hash: Buffer; keyId: string },
  idleSeconds: number,
  recording: Recording,
): Promise<true | undefined> {
  const rows = await db.query(
    `with fence as (select * from gateway.subject where user_id = $6 for share),
     rotated as (
       update gateway.session s set refresh_number = refresh_number + 1, refresh_hash = $3, refresh_key_id = $4,
         rotated_at = clock_timestamp(), last_used_at = clock_timestamp()
       from fence f
       where s.id = $1 and s.user_id = f.user_id and s.refresh_number = $2 and ${live('$5')}
       returning s.id),
     ${recording.expressions(7, 'exists (select from rotated)')}
     select id from rotated`,
    [session.id, session.refresh.number, next.hash, next.keyId, idleSeconds, session.userId, ...recording.values],
  );
  return rows.length === 1 ? true : undefined;
}
