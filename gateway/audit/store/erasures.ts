import type { Queryable } from '@sallyport/postgres';

const pageRows = 1_000;

/** Takes out what one erasure after the other said is to go, a page at a time; whoever was stopped in between goes on. */
export async function carryOutErasures(db: Queryable): Promise<void> {
  while (true) {
    const [erasure] = await db.query<{ sequence: number; subject: string | null; up_to: number }>(
      'select sequence, subject, up_to from gateway.audit_erasure where done_at is null order by sequence limit 1',
    );
    if (!erasure) return;
    const { sequence, subject, up_to } = erasure;
    while ((await erasePage(db, subject, up_to)) === pageRows);
    await db.query(
      'update gateway.audit_erasure set done_at = clock_timestamp() where sequence = $1 and done_at is null',
      [sequence],
    );
  }
}

async function erasePage(db: Queryable, subject: string | null, upTo: number): Promise<number> {
  const whose = subject === null ? '$1::uuid is null' : '(subject = $1 or actor = $1)';
  const rows = await db.query(
    `delete from gateway.audit_personal where sequence in (
       select sequence from gateway.audit_personal where ${whose} and sequence <= $2 order by sequence limit ${pageRows})
     returning sequence`,
    [subject, upTo],
  );
  return rows.length;
}
