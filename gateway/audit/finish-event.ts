import { canonical, type EventBody, sha256Hex } from '@sallyport/audit';

/** What the collector and the sequencer add to a recorded event. */
export interface Position {
  source: string;
  sequence: number;
  prevhash: string;
}

/** `prevhash` of the first event. */
export const noHash = '0'.repeat(64);

/**
 * Makes the CloudEvent that everyone sees of a recorded event and its position in the log. Its hash leaves `data.personal`
 * out (`data.personal_hash` stands in for it), so that the chain still verifies when a person was erased.
 */
export function finishEvent(event: EventBody, position: Position): { hash: string; body: string } {
  const { data, ...rest } = event;
  const { personal, ...lasting } = data;
  const envelope = {
    specversion: '1.0',
    ...rest,
    source: position.source,
    datacontenttype: 'application/json',
    dataschema: 'urn:sallyport:schema:audit-event:1',
    sequence: String(position.sequence),
    prevhash: position.prevhash,
  };
  const hash = sha256Hex(canonical({ ...envelope, data: lasting }));
  return { hash, body: canonical({ ...envelope, hash, data: { ...lasting, personal } }) };
}
