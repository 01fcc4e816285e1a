// An audit log as the parts would have written it: events made by their own functions, numbered, chained, and signed by
// checkpoints in the way of the sequencer, without the detour over the outboxes. Readers of the log are set behind it.
import { createPrivateKey } from 'node:crypto';
import {
  createEvent,
  type EventDraft,
  loginChallenged,
  loginFailed,
  loginSucceeded,
  otpVerified,
  sessionRefreshed,
  userSignedUp,
} from '@sallyport/audit/record';
import { keyRing } from '@sallyport/config';
import type { Db } from '@sallyport/postgres';
import { randomBytes } from '@sallyport/random';
import { type Covered, createCheckpoint, createTypeCounts } from '../../gateway/audit/create-checkpoint.ts';
import { numberPage, type OutboxRow } from '../../gateway/audit/number-page.ts';
import { appendPage, preparePartitions, readOutbox } from '../../gateway/audit/store/log.ts';
import { userAgent } from './fill-accounts.ts';
import type { People, Person } from './people.ts';

/** As many as lie between two checkpoints. */
const pageEvents = 1_000;
const pagesBetweenPartitions = 100;
const days = 30;

interface LogOptions {
  /** Checkpoints included. */
  count: number;
  accounts: number;
  /** A ring of Ed25519 keys, as the gateway has it. */
  signingKeys: string;
  publicUrl: string;
  signal: AbortSignal;
}

export async function fillLog(
  db: Db,
  people: People,
  options: LogOptions,
  tell: (done: number) => void,
): Promise<void> {
  const { count, accounts, publicUrl } = options;
  const signing = keyRing(() => true, 'Ed25519').parse(options.signingKeys).current;
  const key = {
    id: signing.id,
    key: createPrivateKey({ key: signing.bytes, format: 'der', type: 'pkcs8' }),
  };
  const start = Date.now() - days * 86_400_000;
  const stepMs = (Date.now() - start) / Math.max(1, count);
  const history = createHistory(people, accounts);
  let covered: Covered[] = [];
  let written = 0;
  for (let page = 0; written < count; page += 1) {
    options.signal.throwIfAborted();
    if (page % pagesBetweenPartitions === 0) await preparePartitions(db);
    const { head } = await readOutbox(db, 1);
    const source = { now: () => start + written * stepMs, randomBytes };
    const rows: OutboxRow[] = Array.from({ length: Math.min(pageEvents, count - written - 1) }, () => {
      written += 1;
      const { part, draft, ip } = history();
      const request = { request_id: '0', ip, user_agent: userAgent, session_id: null };
      return { source: part, ...createEvent(draft, request, source) };
    });
    const numbered = numberPage(head, rows, publicUrl);
    const types = createTypeCounts();
    types.add(covered);
    types.add(numbered.events);
    const checkpoint = createCheckpoint(head, numbered.tail, types.end(), { key, source, publicUrl });
    if (numbered.refused.length > 0) throw new Error(`the log can't take an event: ${numbered.refused[0]?.reason}`);
    if (!(await appendPage(db, head, numbered, checkpoint))) throw new Error('somebody else writes into this log');
    await noteTaken(db, rows);
    covered = [checkpoint];
    written += 1;
    tell(written);
  }
  await db.query('update gateway.cursor set sequence = (select sequence from gateway.audit_head)');
}

const noteSeen = `insert into gateway.audit_seen (source, event_id, digest)
  select source, id, sha256(convert_to(body, 'UTF8')) from unnest($1::text[], $2::uuid[], $3::text[]) as e (source, id, body)`;

const keep = (part: 'users' | 'otp') => `insert into ${part}.outbox (event_id, body, acknowledged_at)
  select id, body, clock_timestamp() from unnest($1::text[], $2::uuid[], $3::text[]) as e (source, id, body)
  where source = '${part}'`;

/** Services keep what was taken over from them for 30 days. */
async function noteTaken(db: Db, rows: OutboxRow[]): Promise<void> {
  const taken = rows.filter((row) => row.source !== 'gateway');
  const values = [taken.map((row) => row.source), taken.map((row) => row.id), taken.map((row) => row.body)];
  for (const text of [noteSeen, keep('users'), keep('otp')]) await db.query(text, values);
}

/** What people do in a day: they log in, refresh, and mistype now and then; somebody new comes once in a while. */
function createHistory(people: People, accounts: number): () => { part: string; draft: EventDraft; ip: string } {
  let turn = 0;
  let left: { part: string; draft: EventDraft }[] = [];
  let ip = '';
  return () => {
    if (left.length === 0) {
      turn += 1;
      // Coprime to most counts, so that neighbours in the log are no neighbours in the tables.
      const number = (turn * 7_919) % accounts;
      ip = `10.${number % 251}.${turn % 251}.${(turn % 253) + 1}`;
      left = actsOf(people.get(number), turn);
    }
    const [next, ...rest] = left;
    if (next === undefined) throw new Error('a day without an act');
    left = rest;
    return { ...next, ip };
  };
}

function actsOf(person: Person, turn: number): { part: string; draft: EventDraft }[] {
  const amr = ['pwd', 'otp', 'mfa'];
  const gateway = (draft: EventDraft) => ({ part: 'gateway', draft });
  const session = { sessionId: person.enrolmentId, amr };
  return [
    ...(turn % 50 === 0 ? [{ part: 'users', draft: userSignedUp(person) }] : []),
    ...(turn % 12 === 0 ? [gateway(loginFailed(person, 'wrong-password'))] : []),
    gateway(loginChallenged(person)),
    { part: 'otp', draft: otpVerified(person) },
    gateway(loginSucceeded(person, session)),
    ...Array.from({ length: 4 }, () => gateway(sessionRefreshed(person, session))),
  ];
}
