import type { EventLog } from './event-log.ts';

/** A login that came to nothing, with the reason that its caller doesn't hear. */
export function noteFailure(
  log: EventLog,
  account: { id: string | null; username?: string | undefined },
  reason: string,
): void {
  log.add({
    type: 'sallyport.login.failed',
    outcome: 'failure',
    reason,
    subject: account.id,
    username: account.username,
  });
}
