import { canonical, hashEvent } from '@sallyport/audit';
import type { CheckpointBody, EventBody } from '@sallyport/audit/record';

/** What the collector and the sequencer add to a recorded event. */
export interface Position {
  source: string;
  sequence: number;
  prevhash: string;
}

/** Makes the CloudEvent that everyone sees of a recorded event and its position in the log. */
export function finishEvent(event: EventBody | CheckpointBody, position: Position): { hash: string; body: string } {
  const finished = {
    specversion: '1.0',
    ...event,
    source: position.source,
    datacontenttype: 'application/json',
    dataschema: 'urn:sallyport:schema:audit-event:1',
    sequence: String(position.sequence),
    prevhash: position.prevhash,
  };
  const hash = hashEvent(finished);
  return { hash, body: canonical({ ...finished, hash }) };
}
