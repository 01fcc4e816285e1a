import { sessionRevoked } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import { endSession, type Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { findRefreshable } from './refresh-session.ts';

/** Ends one session of an account; false where it has none of that id that lives. */
export async function endOneSession(
  context: GatewayContext,
  asker: Asker,
  session: Pick<Session, 'id' | 'userId' | 'username'>,
  reason: string,
): Promise<boolean> {
  const log = new EventLog(context, asker.request);
  return context.changes.run(log, async (tx) => {
    const ended = await endSession(tx, session.id, session.userId, reason);
    if (ended) {
      const account = { id: session.userId, username: session.username };
      log.add(sessionRevoked(account, { sessionId: session.id, reason }));
    }
    return ended;
  });
}

/** Logs out by a refresh token: the live session that it belongs to ends. False for a token of none. */
export async function logOutByRefreshToken(context: GatewayContext, asker: Asker, text: string): Promise<boolean> {
  const found = await findRefreshable(context, text);
  if (found === undefined) await asker.guess.keep();
  if (!found?.session.live) return false;
  await endOneSession(context, asker, found.session, 'logout');
  return true;
}
