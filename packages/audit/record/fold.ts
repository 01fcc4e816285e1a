import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@sallyport/contracts';
import { canonical } from '../chain/canonical.ts';
import { type EventBody, RecordedBody } from '../event/event-body.ts';
import type { AuditEventType } from '../event/event-types.ts';

/** Attempts that failed and changed nothing. What changes state is never folded. */
const foldable: readonly AuditEventType[] = ['sallyport.login.failed', 'sallyport.login.blocked'];

/**
 * What an event has in common with those that it may be folded with, type, reason, account and address, as SHA-256;
 * undefined where it may not be folded.
 * @param siteOf what an address counts as: who has one IPv6 address has many
 */
export function foldOf(
  { body }: RecordedEvent,
  siteOf: (ip: string) => string,
): { type: AuditEventType; key: Buffer } | undefined {
  const { type, subject = null, data } = JSON.parse(body) as EventBody;
  if (!foldable.includes(type)) return undefined;
  const { ip } = data.personal;
  const key = createHash('sha256').update(canonical([type, data.reason, subject, ip && siteOf(ip)]));
  return { type, key: key.digest() };
}

/** The event that stands for `count` like it, itself included; it keeps its id. */
export function foldEvent(body: string, count: number): RecordedEvent {
  const event = RecordedBody.parse(JSON.parse(body));
  return { id: event.id, body: canonical({ ...event, data: { ...event.data, count } }) };
}
