import { canonical, hashEvent } from '@sallyport/audit/log';
import type { CheckpointBody, EventBody } from '@sallyport/audit/record';

/** What the collector and the sequencer add to a recorded event. */
export interface Position {
  source: string;
  sequence: number;
  prevhash: string;
}

export interface FinishedEvent {
  hash: string;
  /** The canonical text, without personal data: that is kept apart, so that it can be taken out. */
  body: string;
  personal: string | null;
}

/** Makes the CloudEvent that everyone sees of a recorded event and its position in the log. */
export function finishEvent(event: EventBody | CheckpointBody, position: Position): FinishedEvent {
  const { data, id, time, type } = event;
  const { personal } = data;
  // In order, as in the canonical form.
  const finished = {
    data: { ...data, personal: null },
    datacontenttype: 'application/json',
    dataschema: 'urn:sallyport:schema:audit-event:1',
    hash: '',
    id,
    prevhash: position.prevhash,
    sequence: String(position.sequence),
    source: position.source,
    specversion: '1.0',
    ...('subject' in event ? { subject: event.subject } : {}),
    time,
    type,
  };
  finished.hash = hashEvent(finished);
  return { hash: finished.hash, body: canonical(finished), personal: personal && canonical(personal) };
}
