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
  const { personal } = event.data;
  const finished = {
    specversion: '1.0',
    ...event,
    source: position.source,
    datacontenttype: 'application/json',
    dataschema: 'urn:sallyport:schema:audit-event:1',
    sequence: String(position.sequence),
    prevhash: position.prevhash,
    data: { ...event.data, personal: null },
  };
  const hash = hashEvent(finished);
  return { hash, body: canonical({ ...finished, hash }), personal: personal && canonical(personal) };
}
