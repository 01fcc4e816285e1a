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

/**
 * Records that an account is erased, waits until a gateway has done it, and forgets what services keep of what they handed
 * over. `quarantined`: events that the log could not take and that name the account.
 */
export async function eraseAccount(db: Db, id: string): Promise<{ done: boolean; quarantined: number }> {
  const [{ sequence } = { sequence: 0 }] = await db.query<{ sequence: number }>(
    'select sequence from gateway.audit_head',
  );
  const draft = auditErased({ subject: id }, { actor: { type: 'operator', id: null }, reason: 'erasure' });
  const request = { request_id: `operator-${randomUUID()}`, ip: null, user_agent: null, session_id: null };
  const event = createEvent(draft, request, { now: Date.now, randomBytes });
  // What is only counted so far must have its number before, or it would outlive the erasure.
  while ((await closeFolds(db, 0)).again);
  await recordEvents(db, { collected: [], own: [event] });
  await forgetRecorded(db, 'users', id);
  await forgetRecorded(db, 'otp', id);
  const [{ quarantined } = { quarantined: 0 }] = await db.query<{ quarantined: number }>(
    'select count(*)::int as quarantined from gateway.audit_quarantine where strpos(body, $1) > 0',
    [id],
  );
  return { done: await isDone(db, id, sequence), quarantined };
}

async function isDone(db: Db, id: string, after: number): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    const done = await db.query(
      'select from gateway.audit_erasure where subject = $1 and sequence > $2 and done_at is not null',
      [id, after],
    );
    if (done.length > 0) return true;
    await sleep(200);
  }
  return false;
}
