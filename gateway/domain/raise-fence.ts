import type { EventSource } from '@sallyport/audit';
import { createEvent } from '@sallyport/audit';
import type { RequestContext } from '@sallyport/contracts';
import type { Db } from '@sallyport/postgres';
import { recordEvents } from '../audit/take-over.ts';
import { type EndedSession, type Known, raiseFence } from '../store/fence.ts';
import type { EventLog } from './event-log.ts';

/** Notes the end of sessions, one event each. */
export function noteEnded(log: EventLog, userId: string, ended: readonly EndedSession[], reason: string): void {
  for (const session of ended) log.add(revoked(userId, session, reason));
}

/**
 * How what users and otp said reaches sessions when the gateway that asked for it died before it ended them:
 * the audit log's projector calls this for every event that concerns a credential or factor.
 */
export function createRaiseFence(db: Db, source: EventSource) {
  return async (userId: string, known: Known): Promise<void> => {
    const reason = 'overtaken';
    const context: RequestContext = { request_id: 'projector', ip: null, user_agent: null, session_id: null };
    await db.transaction(async (tx) => {
      const ended = await raiseFence(tx, userId, known, reason);
      const own = ended.map((session) => createEvent(revoked(userId, session, reason), context, source));
      await recordEvents(tx, { collected: [], own });
    });
  };
}

function revoked(userId: string, session: EndedSession, reason: string) {
  return {
    type: 'sallyport.session.revoked',
    outcome: 'success',
    subject: userId,
    username: session.username,
    sessionId: session.id,
    reason,
  } as const;
}
