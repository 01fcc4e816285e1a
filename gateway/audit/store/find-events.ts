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

const all = 'select sequence, body from gateway.audit_event where sequence > $1 order by sequence limit $2';

/*
 * With a filter the numbers are found first, by one short scan of an index for each type, and then the events, each by its
 * number. The plans must not depend on guesses, since prepared statements are planned for any value: a condition `type = x`
 * in the order of the numbers would be taken for a frequent one, and for a rare one the whole log would be read. So the
 * scans are put as ranges of their index, in its order, which no other index has.
 */
const page = (numbers: string) => `
  with page as (${numbers})
  select e.sequence, e.body from page cross join lateral (
    select sequence, body from gateway.audit_event where sequence = page.sequence offset 0) as e
  order by e.sequence`;

const ofSubject = page(`
  select sequence from gateway.audit_log
  where sequence > $1 and subject is not null and (subject, sequence) > ($3, $1) and subject <= $3
  order by subject, sequence limit $2`);

const ofTypes = (types: string, condition: string) =>
  page(`
  select n.sequence from unnest(${types}::text[]) as t (type) cross join lateral (
    select l.sequence from gateway.audit_log l
    where l.sequence > $1 and (l.type, l.sequence) > (t.type, $1) and l.type <= t.type ${condition}
    order by l.type, l.sequence limit $2) as n
  order by n.sequence limit $2`);

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
