// How events get their numbers. Nobody holds a lock while thinking: the head and a page of the
// outbox are read in one snapshot, numbers and hashes are computed here, and one statement writes it all, beginning
// with the compare-and-set of the head. Whoever was overtaken meanwhile, for however long it was stopped, changes
// nothing and starts again. The outbox is emptied by name, never by "ins greater than", so that a transaction that
// commits late isn't passed over. What the log can't take goes to quarantine in the same statement. So does, when one is
// due, a checkpoint behind the page.
import { setImmediate } from 'node:timers/promises';
import type { EventSource } from '@sallyport/audit/record';
import type { Logger } from '@sallyport/logger';
import type { Db } from '@sallyport/postgres';
import { type AuditKey, createCheckpoint, createTypeCounts } from './create-checkpoint.ts';
import { type NumberedEvent, type NumberedPage, numberPage, type OutboxRow, type Tail } from './number-page.ts';
import { appendPage, findCovered, type Head, readOutbox } from './store/log.ts';

const pageSize = 500;
const checkpointEvents = 1_000;
const checkpointSeconds = 10;
const coveredPage = 10_000;
const turnSize = 25;

export interface SequenceOptions {
  db: Pick<Db, 'query' | 'script'>;
  publicUrl: string;
  logger: Logger;
  /** Signs checkpoints. */
  key: AuditKey;
  source: EventSource;
}

export interface SequenceResult {
  /** The types of the events that got a number, in order. */
  types: string[];
  /** There may be more to do at once: the page was full, or another gateway was faster. */
  again: boolean;
}

/** Numbers one page of the outbox. */
export async function sequencePage(options: SequenceOptions): Promise<SequenceResult> {
  const { db, publicUrl } = options;
  const { head, rows } = await readOutbox(db, pageSize);
  const page = await numberInTurns(head, rows, publicUrl);
  const checkpoint = isDue(head, page) ? await checkpointBehind(options, head, page) : undefined;
  if (rows.length === 0 && !checkpoint) return { types: [], again: false };
  if (!(await appendPage(db, head, page, checkpoint))) return { types: [], again: true };
  for (const { id, source, reason } of page.refused) {
    options.logger.error({ event_id: id, source, reason }, 'audit event quarantined');
  }
  const events = checkpoint ? [...page.events, checkpoint] : page.events;
  return { types: events.map((event) => event.type), again: rows.length === pageSize };
}

/** Requests have their turn in between: a whole page would hold them up for as long as it takes. */
async function numberInTurns(tail: Tail, rows: readonly OutboxRow[], publicUrl: string): Promise<NumberedPage> {
  const page = numberPage(tail, rows.slice(0, turnSize), publicUrl);
  for (let at = turnSize; at < rows.length; at += turnSize) {
    await setImmediate();
    const next = numberPage(page.tail, rows.slice(at, at + turnSize), publicUrl);
    page.events.push(...next.events);
    page.erasures.push(...next.erasures);
    page.refused.push(...next.refused);
    page.tail = next.tail;
  }
  return page;
}

function isDue(head: Head, page: NumberedPage): boolean {
  if (head.first !== head.firstTold) return true;
  const { uncoveredSeconds } = head;
  if (uncoveredSeconds !== null && uncoveredSeconds >= checkpointSeconds) return true;
  return page.tail.sequence - head.checkpoint >= checkpointEvents;
}

/** A log that was written before there were checkpoints may have to be read for long, a page at a time. */
async function checkpointBehind(options: SequenceOptions, head: Head, page: NumberedPage): Promise<NumberedEvent> {
  const types = createTypeCounts();
  for (let from = head.checkpoint; from <= head.sequence; from += coveredPage) {
    types.add(await findCovered(options.db, from, Math.min(from + coveredPage - 1, head.sequence)));
  }
  types.add(page.events);
  return createCheckpoint(head, page.tail, types.end(), options);
}
