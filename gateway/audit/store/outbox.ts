import type { Part } from '@sallyport/audit/log';
import type { RecordedEvent } from '@sallyport/contracts';
import { deletePages, gathered, joinTexts, type Queryable, textList } from '@sallyport/postgres';
import type { Service } from '../acknowledge.ts';

export interface GivenEvent {
  source: Part;
  id: string;
  body: string;
  /** The change that it tells of, where a statement makes several. */
  cause?: string;
}

/** What one request records: events that came with services' answers, and the gateway's own. */
export interface EventBatch {
  collected: { source: Service; events: readonly RecordedEvent[] }[];
  own: readonly RecordedEvent[];
}

/*
 * How events get here. Only what services recorded can come a second time: one statement notes its ids in audit_seen and
 * moves only those that were never there. A collector that was stopped between reading a page and writing it, and comes
 * back after the event was acknowledged, numbered and gone from the outbox, brings in nothing. The caller acknowledges
 * after its commit, never before. Rows of audit_seen are taken in the order of their keys, so that takers of overlapping
 * pages queue and never deadlock; the outbox is filled in the order given. An id that another source has waiting here is
 * quarantined, and so is one that comes with other bytes than before.
 */
const takingOver = (first: number, condition: string) => `
  given as (
    select distinct on (source, event_id) source, event_id, body, at
    from ${givenEvents(first)}
    where ${condition}
    order by source, event_id, at
  ), fresh as (
    insert into gateway.audit_seen (source, event_id, digest)
    select source, event_id, sha256(convert_to(body, 'UTF8')) from given where source <> 'gateway'
    order by source, event_id
    on conflict (source, event_id) do nothing
    returning source, event_id
  ), altered as (
    insert into gateway.audit_quarantine (event_id, source, body, reason)
    select event_id, source, body, 'altered' from given
    where source <> 'gateway' and sha256(convert_to(body, 'UTF8')) <> (
      select digest from gateway.audit_seen seen where (seen.source, seen.event_id) = (given.source, given.event_id)
    )
    returning event_id
  ), taken as (
    select given.* from given left join fresh using (source, event_id)
    where source = 'gateway' or fresh.event_id is not null
  ), queued as (
    insert into gateway.outbox (event_id, source, body)
    select event_id, source, body from taken order by at
    on conflict (event_id) do nothing
    returning source, event_id
  ), twins as (
    insert into gateway.audit_quarantine (event_id, source, body, reason)
    select event_id, source, body, 'id-of-another-source' from taken
    where (source, event_id) not in (select source, event_id from queued)
  )`;

/** Where the gateway records nothing but its own. */
const recordingOwn = (first: number, condition: string) => `
  queued as (
    insert into gateway.outbox (event_id, source, body)
    select event_id, source, body from ${givenEvents(first)}
    where ${condition} order by at
  )`;

const givenEvents = (first: number) =>
  `unnest($${first}::text[], $${first + 1}::uuid[], $${first + 2}::uuid[], ${textList(first + 3)})
    with ordinality as t (source, event_id, cause, body, at)`;

const takeFresh = `with ${takingOver(1, 'true')}
  select event_id as id, true as fresh from fresh union all select event_id, false from altered`;
const recordOwn = `with ${recordingOwn(1, 'true')} select`;

/** Events as part of a statement that changes state: table expressions, and the values that they take. */
export interface Recording {
  events: readonly GivenEvent[];
  /** @param condition over the statement's own table expressions: nothing is recorded unless it holds */
  expressions(firstParameter: number, condition: string): string;
  readonly values: unknown[];
}

export function createRecording(batch: EventBatch): Recording {
  return recordingOf(inOrder(batch));
}

/** Of several changes that one statement makes: where its condition speaks of `cause`, that is the id given here. */
export function joinRecordings(changes: readonly { id: string; recording: Recording }[]): Recording {
  return recordingOf(
    changes.flatMap(({ id, recording }) => recording.events.map((event) => ({ ...event, cause: id }))),
  );
}

function recordingOf(events: readonly GivenEvent[]): Recording {
  return {
    events,
    expressions: isOwn(events) ? recordingOwn : takingOver,
    /** Made when a statement takes them: those of one that is joined with others never are. */
    get values() {
      return columnsOf(events);
    },
  };
}

/** The gateway's own where nothing else changes: those of many by one statement. */
export const recordOwnEvents = gathered(async (db, batches: readonly (readonly RecordedEvent[])[]) => {
  await recordEvents(db, { collected: [], own: batches.flat() });
  return batches.map(() => undefined);
});

/** Records in the caller's transaction. Call it once in a transaction: the order of its row locks rules deadlocks out. */
export async function recordEvents(tx: Queryable, batch: EventBatch): Promise<void> {
  const events = inOrder(batch);
  if (events.length > 0) await tx.query(isOwn(events) ? recordOwn : takeFresh, columnsOf(events));
}

/** The services' events first, then the gateway's own, which is what followed from them. */
function inOrder({ collected, own }: EventBatch): GivenEvent[] {
  return [
    ...collected.flatMap(({ source, events }) => events.map((event) => ({ source, ...event }))),
    ...own.map((event) => ({ source: 'gateway' as const, ...event })),
  ];
}

function isOwn(events: readonly GivenEvent[]): boolean {
  return events.every((event) => event.source === 'gateway');
}

/**
 * Moves the events that were never seen before into the outbox, and those whose id is known with other bytes into
 * quarantine, in one statement. Returns the ids of both.
 */
export async function takeOver(
  tx: Pick<Queryable, 'query'>,
  events: readonly GivenEvent[],
): Promise<{ fresh: string[]; altered: string[] }> {
  const rows = await tx.query<{ id: string; fresh: boolean }>(takeFresh, columnsOf(events));
  const ids = (fresh: boolean) => rows.filter((row) => row.fresh === fresh).map((row) => row.id);
  return { fresh: ids(true), altered: ids(false) };
}

/** Forgets the ids seen 35 days ago; services keep what they handed over for 30. */
export async function forgetSeen(db: Queryable): Promise<void> {
  await deletePages(db, 'gateway.audit_seen', `seen_at < now() - interval '35 days'`);
}

function columnsOf(events: readonly GivenEvent[]): [string[], string[], (string | null)[], string] {
  return [
    events.map((event) => event.source),
    events.map((event) => event.id),
    events.map((event) => event.cause ?? null),
    joinTexts(events.map((event) => event.body)),
  ];
}
