import { auditRead } from '@sallyport/audit/record';
import { Unavailable } from '@sallyport/contracts';
import { type EventFilter, type FoundEvent, findEvents, getHead } from '../audit/store/find-events.ts';
import { noteReader } from '../audit/store/readers.ts';
import type { GatewayContext } from '../context.ts';
import type { Session } from '../store/sessions.ts';
import type { Asker } from './asker.ts';
import { EventLog } from './event-log.ts';

export type LogPage = { outcome: 'read'; bodies: string[]; lastSequence: string } | { outcome: 'ended' };

/**
 * A page of the log for a reader. Who reads is recorded before anything is given out; who had to wait is asked for a live
 * session once more.
 * @param waiting how long to wait where there is nothing yet, and what ends that sooner
 */
export async function readLog(
  context: GatewayContext,
  reader: { session: Session; asker: Asker },
  filter: EventFilter,
  waiting: { seconds: number; signal: AbortSignal },
): Promise<LogPage> {
  await recordReading(context, reader);
  if (waiting.seconds === 0) return pageOf(await findEvents(context.db, filter), filter);
  const events = await waitForEvents(context, filter, waiting);
  if (!(await context.findLiveSession(reader.session.id))) return { outcome: 'ended' };
  return pageOf(events, filter);
}

function pageOf(events: readonly FoundEvent[], { after }: EventFilter): LogPage {
  const lastSequence = String(events.at(-1)?.sequence ?? after);
  return { outcome: 'read', bodies: events.map((event) => event.body), lastSequence };
}

/** Once a minute for each reader, so that following the log doesn't feed it. */
async function recordReading(
  context: GatewayContext,
  { session, asker }: { session: Session; asker: Asker },
): Promise<void> {
  const { userId, username } = session;
  const log = new EventLog(context, asker.request);
  log.add(auditRead({ id: userId, username }, session.id));
  try {
    await context.changes.atOnce(log, (db, recording) => noteReader(db, userId, recording));
  } catch (cause) {
    throw cause instanceof Unavailable ? cause : new Unavailable('postgres', { cause });
  }
}

/** Looks again each time the log has gone on: from where it ended before, since nothing up to there matched. */
async function waitForEvents(
  { db, arrivals }: GatewayContext,
  filter: EventFilter,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<FoundEvent[]> {
  const until = performance.now() + seconds * 1_000;
  for (let { after } = filter; ; ) {
    const head = await getHead(db);
    const events = await findEvents(db, { ...filter, after });
    after = Math.max(after, head);
    if (events.length > 0 || !(await arrivals.wait(after, { ms: until - performance.now(), signal }))) return events;
  }
}
