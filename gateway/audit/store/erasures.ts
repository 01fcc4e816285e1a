import type { Queryable } from '@sallyport/postgres';

interface Erasure {
  sequence: number;
  subject: string | null;
  up_to: number;
}

const pageRows = 1_000;

/**
 * Takes out what erasures said is to go, a page at a time; whoever was stopped in between begins anew. One that fails holds
 * up no other.
 */
export async function carryOutErasures(db: Queryable): Promise<void> {
  const pending = await db.query<Erasure>(
    'select sequence, subject, up_to from gateway.audit_erasure where done_at is null order by sequence',
  );
  const ends = [];
  for (const erasure of pending) ends.push(await Promise.allSettled([carryOut(db, erasure)]));
  const failed = ends.flat().find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

async function carryOut(db: Queryable, { sequence, subject, up_to: upTo }: Erasure): Promise<void> {
  if (subject === null) await erasePages(db, everybody, null, upTo);
  else for (const page of [asSubject, asActor]) await erasePages(db, page, subject, upTo);
  await db.query(
    'update gateway.audit_erasure set done_at = clock_timestamp() where sequence = $1 and done_at is null',
    [sequence],
  );
}

/** In the order of one index, which the planner then has to take, and on from the last row: pages cost the same throughout. */
const page = (whose: string, order: string) => `
  delete from gateway.audit_personal where sequence in (
    select sequence from gateway.audit_personal
    where ${whose} and sequence > $2 and sequence <= $3
    order by ${order} limit ${pageRows})
  returning sequence`;

const asSubject = page('subject = $1', 'subject, sequence');
const asActor = page('actor = $1', 'actor, sequence');
const everybody = page('$1::uuid is null', 'sequence');

async function erasePages(db: Queryable, text: string, subject: string | null, upTo: number): Promise<void> {
  for (let last = 0; ; ) {
    const rows = await db.query<{ sequence: number }>(text, [subject, last, upTo]);
    last = rows.reduce((most, row) => Math.max(most, row.sequence), last);
    if (rows.length < pageRows) return;
  }
}
