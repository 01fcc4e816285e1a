import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@sallyport/contracts';
import { canonical } from '../chain/canonical.ts';
import { EventBody } from '../event/event-body.ts';
import type { AuditEventType } from '../event/event-types.ts';

/** Attempts that failed and changed nothing. What changes state is never folded. */
const foldable: readonly AuditEventType[] = ['sallyport.login.failed', 'sallyport.login.blocked'];

/**
 * What an event has in common with those that it may be folded with, as SHA-256: type, reason, account and address;
 * undefined where it may not be folded.
 */
export function foldKeyOf({ body }: RecordedEvent): Buffer | undefined {
  const { type, subject = null, data } = JSON.parse(body) as EventBody;
  if (!foldable.includes(type)) return undefined;
  return createHash('sha256')
    .update(canonical([type, data.reason, subject, data.personal.ip]))
    .digest();
}

/** The event that stands for `count` like it, itself included; it keeps its id. */
export function foldEvent(body: string, count: number): RecordedEvent {
  const event = EventBody.parse(JSON.parse(body));
  return { id: event.id, body: canonical({ ...event, data: { ...event.data, count } }) };
}
