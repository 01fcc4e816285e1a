import {
  type Account,
  type Actor,
  type EventDraft,
  failed,
  type Order,
  type ReasonOf,
  succeeded,
} from '../event-draft.ts';

export const loginSucceeded = (
  account: Account,
  how: { amr: readonly string[]; sessionId?: string; reason?: ReasonOf<'sallyport.login.succeeded'> },
): EventDraft => succeeded('sallyport.login.succeeded', account, how);

/** @param account null where the name is no account's */
export const loginFailed = (account: Account | null, reason: ReasonOf<'sallyport.login.failed'>): EventDraft =>
  failed('sallyport.login.failed', account, { reason });

export const loginChallenged = (account: Account): EventDraft =>
  succeeded('sallyport.login.challenged', account, { amr: ['pwd'] });

/** @param account null where it isn't known whose credential would have been looked at */
export const loginBlocked = (account: Account | null, reason: ReasonOf<'sallyport.login.blocked'>): EventDraft =>
  failed('sallyport.login.blocked', account, { reason });

export const sessionRefreshed = (
  account: Account,
  session: { sessionId: string; amr: readonly string[] },
): EventDraft => succeeded('sallyport.session.refreshed', account, session);

/** @param what one session and why it ended; or, from users, who ended all of them */
export const sessionRevoked = (account: Account, what: { sessionId: string; reason: string } | Order): EventDraft =>
  succeeded('sallyport.session.revoked', account, what);

export const sessionReuseDetected = (account: Account, sessionId: string): EventDraft =>
  failed('sallyport.session.reuse_detected', account, { sessionId });

export const otpResetRequested = (account: Account, order: Order): EventDraft =>
  succeeded('sallyport.otp.reset_requested', account, order);

export const deviceAdded = (account: Account, deviceId: string): EventDraft =>
  succeeded('sallyport.device.added', account, { target: { type: 'device', id: deviceId } });

export const deviceRemoved = (account: Account, deviceId: string, reason: string): EventDraft =>
  succeeded('sallyport.device.removed', account, { target: { type: 'device', id: deviceId }, reason });

/** Without an actor where a limit did it. */
export const ipBlocked = (
  blockId: string,
  { actor, reason }: { actor?: Actor | undefined; reason: string },
): EventDraft => ({
  type: 'sallyport.ip.blocked',
  outcome: 'success',
  subject: null,
  actor,
  reason,
  target: { type: 'ip_block', id: blockId },
});

export const ipUnblocked = (blockId: string, actor: Actor): EventDraft => ({
  type: 'sallyport.ip.unblocked',
  outcome: 'success',
  subject: null,
  actor,
  target: { type: 'ip_block', id: blockId },
});

export const auditRead = (reader: Account, sessionId: string): EventDraft =>
  succeeded('sallyport.audit.read', reader, { sessionId });

/** @param what whose personal data, or up to which event that of all; without an actor where the log did it by its rule */
export const auditErased = (
  what: { subject: string } | { upTo: string },
  { actor, reason }: { actor?: Actor | undefined; reason: ReasonOf<'sallyport.audit.erased'> },
): EventDraft => ({
  type: 'sallyport.audit.erased',
  outcome: 'success',
  subject: 'subject' in what ? what.subject : null,
  actor,
  reason,
  ...('upTo' in what && { target: { type: 'audit_event', id: what.upTo } }),
});
