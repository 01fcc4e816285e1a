import { hashEvent, hashPersonal } from '../chain/hash-event.ts';
import { AuditEvent } from '../event/audit-event.ts';

/** Why a message can't be handed on: no event at all, or one whose hash says that it was changed. */
export type Unfit = 'unreadable' | 'altered';

export type ReadEvent = { outcome: 'event'; event: AuditEvent } | { outcome: Unfit };

/** Reads the JSON text of an event, and holds it to its own hashes. */
export function readEvent(text: string): ReadEvent {
  try {
    return judgeEvent(JSON.parse(text));
  } catch {
    return { outcome: 'unreadable' };
  }
}

/** Holds a value to the schema of events and to its own hashes. Personal data that was erased may be null. */
export function judgeEvent(value: unknown): ReadEvent {
  const { data: event } = AuditEvent.safeParse(value);
  if (event === undefined) return { outcome: 'unreadable' };
  const { personal, personal_hash } = event.data;
  const whole = hashEvent(event) === event.hash && (personal === null || hashPersonal(personal) === personal_hash);
  return whole ? { outcome: 'event', event } : { outcome: 'altered' };
}
