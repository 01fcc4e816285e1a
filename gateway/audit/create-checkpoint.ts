// A checkpoint is an event that signs what the log held since the last one, and is made where events get their numbers:
// it covers all up to its own number, in whatever order pages are written, and a gateway that was overtaken writes none.
import { createHash, type Hash, type KeyObject } from 'node:crypto';
import { type CheckpointData, signCheckpoint } from '@sallyport/audit/log';
import { CheckpointBody, type EventSource, uuidFrom } from '@sallyport/audit/record';
import { finishEvent } from './finish-event.ts';
import type { NumberedEvent, Tail } from './number-page.ts';

/** Signs checkpoints: an Ed25519 key and its name. */
export interface AuditKey {
  id: string;
  key: KeyObject;
}

/** Which log it is, what the last checkpoint was, and from where on the log is kept. */
export interface CheckpointState {
  logId: string;
  /** The number of the last checkpoint; 0 before the first. */
  checkpoint: number;
  first: number;
  firstPrevhash: string;
}

/** What a checkpoint says of each event that it covers. */
export type Covered = Pick<NumberedEvent, 'type' | 'hash'>;

const type = 'sallyport.audit.checkpoint';

/** @param types of every event from the last checkpoint on, that one included, up to the tail */
export function createCheckpoint(
  state: CheckpointState,
  tail: Tail,
  types: CheckpointData['types'],
  { key, source, publicUrl }: { key: AuditKey; source: EventSource; publicUrl: string },
): NumberedEvent {
  const time = new Date(source.now()).toISOString();
  const unsigned = {
    ...nobody,
    log_id: state.logId,
    from: String(Math.max(state.checkpoint, state.first)),
    to: String(tail.sequence),
    head: tail.hash,
    time,
    types,
    first: String(state.first),
    first_prevhash: state.firstPrevhash,
    kid: key.id,
  };
  const data = { ...unsigned, signature: signCheckpoint(unsigned, key.key) };
  const recorded = CheckpointBody.parse({ id: uuidFrom(source.randomBytes(16)), type, time, data });
  const sequence = tail.sequence + 1;
  const position = { source: `${publicUrl}/gateway`, sequence, prevhash: tail.hash };
  return { sequence, id: recorded.id, type, subject: null, ...finishEvent(recorded, position), personal: null };
}

const nobody = {
  outcome: 'success',
  reason: null,
  actor: null,
  target: null,
  client: null,
  session_id: null,
  request_id: null,
  amr: null,
  count: 1,
  personal_hash: null,
  personal: null,
} as const;

/** Counts events, in order, as a checkpoint tells of them. */
export function createTypeCounts() {
  const counts = new Map<string, { count: number; hashes: Hash }>();
  return {
    add(events: readonly Covered[]): void {
      for (const { type, hash } of events) {
        const known = counts.get(type) ?? { count: 0, hashes: createHash('sha256') };
        counts.set(type, known);
        known.count += 1;
        known.hashes.update(hash);
      }
    },
    end: (): CheckpointData['types'] =>
      Object.fromEntries(
        [...counts].map(([type, { count, hashes }]) => [type, { count, digest: hashes.digest('hex') }]),
      ),
  };
}
