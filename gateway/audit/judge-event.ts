import { type EventType, eventTypes, hashPersonal } from '@sallyport/audit/log';
import { type EventBody, RecordedBody } from '@sallyport/audit/record';
import { isWellFormed } from '@sallyport/http';

/** Why the log doesn't take an event. */
export type Fault = 'not-json' | 'invalid' | 'other-id' | 'foreign-type' | 'wrong-personal-hash';

export type Judgement = { ok: true; event: EventBody } | { ok: false; fault: Fault };

/** Whether a recorded event is one that its source may record. */
export function judgeEvent(row: { id: string; source: string; body: string }): Judgement {
  const value = parse(row.body);
  if (value === undefined) return { ok: false, fault: 'not-json' };
  const parsed = RecordedBody.safeParse(value);
  if (!parsed.success || !isWellFormed(value)) return { ok: false, fault: 'invalid' };
  const event = parsed.data;
  if (event.id !== row.id) return { ok: false, fault: 'other-id' };
  const { recordedBy }: EventType = eventTypes[event.type];
  if (!recordedBy.some((part) => part === row.source)) return { ok: false, fault: 'foreign-type' };
  const { personal, personal_hash } = event.data;
  if (hashPersonal(personal) !== personal_hash) return { ok: false, fault: 'wrong-personal-hash' };
  return { ok: true, event };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
