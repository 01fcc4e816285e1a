// How events reach the gateway's outbox. One statement notes the ids that services gave in audit_seen and moves only
// those that were never there: a collector that was stopped between reading a page and writing it, and comes back after
// the event was acknowledged, numbered and gone from the outbox, brings in nothing. Order: the services' events first,
// then the gateway's own, which is what followed from them. The caller acknowledges after its commit, never before.
import type { RecordedEvent } from '@sallyport/contracts';
import type { Queryable } from '@sallyport/postgres';
import type { Service } from './acknowledge.ts';
import { createRecording, type GivenEvent, insertEvents, insertFresh, type Recording } from './store/outbox.ts';

type Collected = GivenEvent & { source: Service };

/** What one transaction records: events that came with services' answers, and the gateway's own. */
export interface EventsToRecord {
  collected: { source: Service; events: readonly RecordedEvent[] }[];
  own: readonly RecordedEvent[];
}

/** Takes events over in the caller's transaction, in the given order. Returns the ids that were new. */
export async function takeOver(tx: Queryable, events: readonly Collected[]): Promise<string[]> {
  return events.length === 0 ? [] : await insertFresh(tx, events);
}

/** Records in the caller's transaction. Call it once in a transaction: the order of its row locks rules deadlocks out. */
export async function recordEvents(tx: Queryable, batch: EventsToRecord): Promise<void> {
  await insertEvents(tx, inOrder(batch));
}

/** The same for a single statement that changes state and records it. */
export function recordingOf(batch: EventsToRecord): Recording {
  return createRecording(inOrder(batch));
}

function inOrder({ collected, own }: EventsToRecord): GivenEvent[] {
  return [
    ...collected.flatMap(({ source, events }) => events.map((event) => ({ source, ...event }))),
    ...own.map((event) => ({ source: 'gateway' as const, ...event })),
  ];
}
