import type { Queryable } from '@sallyport/postgres';

export interface EventFilter {
  after: number;
  limit: number;
  types?: readonly string[] | undefined;
  subject?: string | undefined;
}

export interface FoundEvent {
  sequence: number;
  /** The canonical text, as the broker carried it but for what was erased since. */
  body: string;
}

const found = 'select sequence, body from gateway.audit_event';
const inOrder = 'order by sequence limit $2';
const all = `${found} where sequence > $1 ${inOrder}`;

/*
 * With a filter the numbers are found first, by one short scan of an index for each type: a condition over several types
 * would read the log from `after` on until enough of them have turned up, and for a rare type that is all of it.
 */
const thosePage = (numbers: string) => `with page as (${numbers}) ${found} join page using (sequence) ${inOrder}`;
const ofSubject = thosePage(`select sequence from gateway.audit_log where sequence > $1 and subject = $3 ${inOrder}`);
const ofTypes = (types: string, condition: string) =>
  thosePage(`select n.sequence from unnest(${types}::text[]) as t (type) cross join lateral (
      select l.sequence from gateway.audit_log l where l.sequence > $1 and l.type = t.type ${condition} ${inOrder}) as n
    ${inOrder}`);
const ofType = ofTypes('$3', '');
const ofSubjectAndType = ofTypes('$4', 'and l.subject = $3');

/** Matching events after a number, in order; a page costs the same wherever it lies and however rare they are. */
export async function findEvents(db: Pick<Queryable, 'query'>, filter: EventFilter): Promise<FoundEvent[]> {
  const { after, limit, types, subject } = filter;
  if (types === undefined) {
    return subject === undefined
      ? db.query<FoundEvent>(all, [after, limit])
      : db.query<FoundEvent>(ofSubject, [after, limit, subject]);
  }
  return subject === undefined
    ? db.query<FoundEvent>(ofType, [after, limit, types])
    : db.query<FoundEvent>(ofSubjectAndType, [after, limit, subject, types]);
}

/** The number of the last event. */
export async function getHead(db: Queryable): Promise<number> {
  const [head] = await db.query<{ sequence: number }>('select sequence from gateway.audit_head');
  if (head === undefined) throw new Error('the head of the audit log is missing');
  return head.sequence;
}
