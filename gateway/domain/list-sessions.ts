import type { GatewayContext } from '../context.ts';
import { listLiveSessions, type Session } from '../store/sessions.ts';

/** The live sessions of the account, newest first, as their owner may see them. */
export async function listSessions(context: GatewayContext, session: Session) {
  const rows = await listLiveSessions(context.db, session.userId, context.config.SESSION_IDLE_SECONDS);
  return rows.map((row) => ({ ...row, current: row.id === session.id }));
}
