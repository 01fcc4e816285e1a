import { randomBytes, randomUUID } from 'node:crypto';
import { type AuditEventType, eventTypes } from '@sallyport/audit/log';
import { createEvent } from '@sallyport/audit/record';
import type { RecordedEvent } from '@sallyport/contracts';

/** An event as a part records it. */
export function testEvent(type: AuditEventType = 'sallyport.login.succeeded', subject: string = randomUUID()) {
  const { outcomes } = eventTypes[type];
  return createEvent(
    { type, outcome: outcomes[0], subject, username: 'Ünal' },
    { request_id: 'r1', ip: '192.0.2.7', user_agent: 'test', session_id: null },
    { now: Date.now, randomBytes },
  );
}

export function testEvents(count: number): RecordedEvent[] {
  return Array.from({ length: count }, () => testEvent());
}
