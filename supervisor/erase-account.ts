import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditErased, createEvent, forgetRecorded } from '@sallyport/audit/record';
import { canonicalName } from '@sallyport/contracts';
import type { Db } from '@sallyport/postgres';
import { closeFolds } from '../gateway/audit/store/folds.ts';
import { recordEvents } from '../gateway/audit/store/outbox.ts';

const waitMs = 30_000;

/** The account, by its name or id, and how many events hold personal data of it; it may be gone and still have some. */
export async function findErasable(
  db: Db,
  wanted: { username?: string | undefined; subject?: string | undefined },
): Promise<{ id: string; username: string | null; events: number } | undefined> {
  const name = wanted.username === undefined ? null : (canonicalName(wanted.username) ?? null);
  const [found] = await db.query<{ id: string | null; username: string | null; events: number }>(
    `with who as (
       select coalesce(a.id, $1::uuid) as id, a.username
       from (select 1) as one left join users.account a on a.id = $1 or a.username = $2)
     select id, username, (
       select count(*)::int from gateway.audit_personal where subject = who.id or actor = who.id) as events
     from who`,
    [wanted.subject ?? null, name],
  );
  if (!found || found.id === null || (found.username === null && found.events === 0)) return undefined;
  return { ...found, id: found.id };
}

/** What came of an erasure: `waiting`: no gateway has carried it out yet; `left`: rows that still name the account. */
export type Erased = { outcome: 'done' | 'waiting' } | { outcome: 'left'; left: number };

/**
 * Records that an account is erased, waits until a gateway has done it, and forgets what services keep of what they handed
 * over. First it waits until nothing about the account is still on its way to a number: that would come behind the erasure.
 * `quarantined`: events that the log could not take and that name the account.
 */
export async function eraseAccount(db: Db, id: string): Promise<Erased & { quarantined: number }> {
  // What is only counted so far must have its number before, or it would outlive the erasure.
  while ((await closeFolds(db, 0)).again);
  await waitUntil(async () => (await count(db, onTheWay, id)) === 0);
  const draft = auditErased({ subject: id }, { actor: { type: 'operator', id: null }, reason: 'erasure' });
  const request = { request_id: `operator-${randomUUID()}`, ip: null, user_agent: null, session_id: null };
  const event = createEvent(draft, request, { now: Date.now, randomBytes });
  const [head] = await db.query<{ sequence: number }>('select sequence from gateway.audit_head');
  await recordEvents(db, { collected: [], own: [event] });
  const quarantined = await count(db, inQuarantine, id);
  const erased = `select count(*)::int as rows from gateway.audit_erasure
    where subject = $1 and sequence > ${head?.sequence ?? 0} and done_at is not null`;
  if (!(await waitUntil(async () => (await count(db, erased, id)) > 0))) return { outcome: 'waiting', quarantined };
  for (const schema of ['users', 'otp'] as const) await forgetRecorded(db, schema, id);
  const left = (await count(db, kept, id)) + (await count(db, handedOver, id));
  return left > 0 ? { outcome: 'left', left, quarantined } : { outcome: 'done', quarantined };
}

const rowsOf = (outbox: string, condition = 'true') =>
  `select from ${outbox} where ${condition} and strpos(body, $1::uuid::text) > 0`;
const countRows = (...selects: string[]) =>
  `select count(*)::int as rows from (${selects.join(' union all ')}) as found`;

const waiting = 'acknowledged_at is null';
const onTheWay = countRows(rowsOf('users.outbox', waiting), rowsOf('otp.outbox', waiting), rowsOf('gateway.outbox'));
const handedOver = countRows(rowsOf('users.outbox'), rowsOf('otp.outbox'));
const inQuarantine = countRows(rowsOf('gateway.audit_quarantine'));
/** The erasure itself names the account, and no person's address. */
const kept = `select count(*)::int as rows from gateway.audit_personal
  where (subject = $1 or actor = $1)
    and sequence < (select max(sequence) from gateway.audit_erasure where subject = $1)`;

async function count(db: Db, text: string, id: string): Promise<number> {
  const [row] = await db.query<{ rows: number }>(text, [id]);
  return row?.rows ?? 0;
}

async function waitUntil(look: () => Promise<boolean>): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (!(await look())) {
    if (performance.now() > until) return false;
    await sleep(200);
  }
  return true;
}
