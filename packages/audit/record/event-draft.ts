import type { AuditEventType, eventTypes } from '../event/event-types.ts';

/** What happened, in the words of the domain; the rest of an event comes from the request and the clock. */
export interface EventDraft {
  type: AuditEventType;
  outcome: 'success' | 'failure';
  /** The account it is about; null where there is none. */
  subject: string | null;
  reason?: string | undefined;
  /** Who did it, where that isn't the subject itself. */
  actor?: { type: string; id: string | null } | undefined;
  /** What was acted upon, where that isn't the subject itself. */
  target?: { type: string; id: string };
  /** The session it concerns, where that isn't the one that asked. */
  sessionId?: string | undefined;
  amr?: readonly string[];
  count?: number;
  /** The account's name; never a name that is no account's. */
  username?: string | undefined;
}

/** An account that there is: never a name that somebody only typed. */
export interface Account {
  id: string;
  username?: string | undefined;
}

export type Actor = { type: 'account' | 'operator'; id: string | null };

/** Who orders it, and why, in his own words. */
export interface Order {
  actor: Actor;
  reason?: string | undefined;
}

/** The reasons that a type may give. */
export type ReasonOf<Type extends AuditEventType> = (typeof eventTypes)[Type]['reasons'][number];

/** What succeeded with an account. */
export function succeeded(type: AuditEventType, { id, username }: Account, more: Partial<EventDraft> = {}): EventDraft {
  return { type, outcome: 'success', subject: id, username, ...more };
}

/** What failed; without an account where none is known. */
export function failed(type: AuditEventType, account: Account | null, more: Partial<EventDraft> = {}): EventDraft {
  return { type, outcome: 'failure', subject: account?.id ?? null, username: account?.username, ...more };
}
