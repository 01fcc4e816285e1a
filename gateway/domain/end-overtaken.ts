import { deviceRemoved, type EventSource, sessionRevoked } from '@sallyport/audit/record';
import type { Db, Queryable } from '@sallyport/postgres';
import { recordEvents } from '../audit/store/outbox.ts';
import { systemContext } from '../audit/system-context.ts';
import { type Known, raiseFence } from '../store/fence.ts';
import { addRoles } from '../store/session-roles.ts';
import { EventLog } from './event-log.ts';

/** Raises the fence and ends every session and device that it overtakes, one event each, save those carried over. */
export async function endOvertaken(
  tx: Queryable,
  log: EventLog,
  userId: string,
  known: Known,
  reason: string,
  carriedOver?: string,
): Promise<void> {
  const { sessions, devices } = await raiseFence(tx, userId, known, reason, carriedOver);
  for (const { id, username } of sessions) {
    log.add(sessionRevoked({ id: userId, username }, { sessionId: id, reason }));
  }
  for (const { id, username } of devices) log.add(deviceRemoved({ id: userId, username }, id, reason));
}

/**
 * How what users and otp said reaches sessions when the gateway that asked for it died before it ended them:
 * the audit log's projector calls this for every event that concerns a credential or factor.
 */
export function createRaiseFence(db: Db, source: EventSource) {
  return async (userId: string, known: Known, roles?: readonly string[]): Promise<void> => {
    const log = new EventLog(source, systemContext());
    await db.transaction(async (tx) => {
      await endOvertaken(tx, log, userId, known, 'overtaken');
      if (roles && known.epoch !== undefined) await addRoles(tx, userId, known.epoch, roles);
      await recordEvents(tx, log);
    });
  };
}
