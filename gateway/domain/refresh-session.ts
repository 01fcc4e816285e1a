import { timingSafeEqual } from 'node:crypto';
import { sessionRefreshed, sessionReuseDetected, sessionRevoked } from '@sallyport/audit/record';
import type { GatewayContext } from '../context.ts';
import { findForRefresh, type RefreshView, rotateRefresh } from '../store/refresh.ts';
import { endSession } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';
import { deviceTokenOf, type Issued, withTokens } from './issue-session.ts';
import {
  formatRefreshToken,
  hashRefreshValue,
  makeRefreshValue,
  parseRefreshToken,
  type RefreshToken,
  wasIssued,
} from './refresh-token.ts';

/*
 * Rotation of refresh tokens (RFC 9700 section 4.14.2). The present token gets a successor, once: the number in the
 * row decides between any number of calls, under the fence. The newest used token, sent again within 10 s (its
 * answer may have been lost), gets the same successor. Any other token that this session once had is a theft or a
 * copy: the session ends. One that it never had ends nothing: a session's id is no secret.
 */

const graceSeconds = 10;

export type RefreshResult = { outcome: 'refreshed'; issued: Issued } | { outcome: 'rejected' };

export async function refreshSession(context: GatewayContext, asker: Asker, text: string): Promise<RefreshResult> {
  const found = await findRefreshable(context, text);
  if (found === undefined) {
    await asker.guess.keep();
    return { outcome: 'rejected' };
  }
  const { token, session } = found;
  const present = session.refresh.number;
  if (!session.live) return { outcome: 'rejected' };
  if (token.number === present) {
    const issued = await rotate(context, asker, session);
    return issued ? { outcome: 'refreshed', issued } : refreshAgain(context, asker, text);
  }
  if (token.number === present - 1 && session.secondsSinceRotation < graceSeconds) {
    const issued = withTokens(context, session);
    return issued ? { outcome: 'refreshed', issued } : { outcome: 'rejected' };
  }
  await endForReuse(context, asker, session);
  return { outcome: 'rejected' };
}

/** The session of a token that it has now or once had; undefined for anything invented. */
export async function findRefreshable(
  context: GatewayContext,
  text: string,
): Promise<{ token: RefreshToken; session: RefreshView } | undefined> {
  const token = parseRefreshToken(text);
  if (token === undefined) return undefined;
  const session = await findForRefresh(context.db, token.sessionId, context.config.SESSION_IDLE_SECONDS);
  if (session === undefined || token.number > session.refresh.number) return undefined;
  const genuine =
    token.number === session.refresh.number
      ? timingSafeEqual(hashRefreshValue(token.value), session.refresh.hash)
      : wasIssued(token, session.refresh.secret, context.config.TOKEN_SIGNING_KEYS);
  return genuine ? { token, session } : undefined;
}

/** Somebody was faster, or the session has ended meanwhile: look once more, now as the one who comes second. */
async function refreshAgain(context: GatewayContext, asker: Asker, text: string): Promise<RefreshResult> {
  const found = await findRefreshable(context, text);
  if (found === undefined || !found.session.live) return { outcome: 'rejected' };
  return refreshSession(context, asker, text);
}

async function rotate(context: GatewayContext, asker: Asker, session: RefreshView): Promise<Issued | undefined> {
  const key = context.config.TOKEN_SIGNING_KEYS.current;
  const number = session.refresh.number + 1;
  const value = makeRefreshValue(key, session.refresh.secret, session.id, number);
  const hash = hashRefreshValue(value);
  const log = new EventLog(context, asker.request);
  log.add(sessionRefreshed(ownerOf(session), { sessionId: session.id, amr: session.amr }));
  const rotated = await context.changes.atOnce(log, (db, recording) =>
    rotateRefresh(db, session, { hash, keyId: key.id }, context.config.SESSION_IDLE_SECONDS, recording),
  );
  if (!rotated) return undefined;
  const next = { ...session, refresh: { ...session.refresh, number, keyId: key.id, hash } };
  const refreshToken = formatRefreshToken({ sessionId: session.id, number, value });
  return { session: next, refreshToken, deviceToken: deviceTokenOf(context, session) };
}

async function endForReuse(context: GatewayContext, asker: Asker, session: RefreshView): Promise<void> {
  const log = new EventLog(context, asker.request);
  await context.changes.run(log, async (tx) => {
    if (!(await endSession(tx, session.id, session.userId, 'refresh-token-reused'))) return;
    log.add(sessionReuseDetected(ownerOf(session), session.id));
    log.add(sessionRevoked(ownerOf(session), { sessionId: session.id, reason: 'refresh-token-reused' }));
  });
}

function ownerOf({ userId, username }: RefreshView) {
  return { id: userId, username };
}
