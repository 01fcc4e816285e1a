import { randomBytes } from 'node:crypto';
import { createEvent } from '@sallyport/audit';
import type { AuditEventType, RecordedEvent } from '@sallyport/contracts';

/** An event as a part records it. */
export function testEvent(type: AuditEventType = 'sallyport.login.succeeded', subject: string | null = null) {
  return createEvent(
    { type, outcome: 'success', subject, username: 'Ünal' },
    { request_id: 'r1', ip: '192.0.2.7', user_agent: 'test', session_id: null },
    { now: Date.now, randomBytes },
  );
}

export function testEvents(count: number): RecordedEvent[] {
  return Array.from({ length: count }, () => testEvent());
}
