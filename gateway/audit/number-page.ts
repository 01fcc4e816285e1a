import type { EventBody } from '@sallyport/audit/record';
import { finishEvent } from './finish-event.ts';
import { type Fault, judgeEvent } from './judge-event.ts';

export interface OutboxRow {
  id: string;
  source: string;
  body: string;
}

/** Where a log ends. */
export interface Tail {
  sequence: number;
  hash: string;
}

export interface NumberedEvent {
  sequence: number;
  id: string;
  type: string;
  subject: string | null;
  hash: string;
  /** Canonical, without personal data. */
  body: string;
  /** The personal data, canonical; with the account that acted, where that isn't the subject. */
  personal: { text: string; actor: string | null } | null;
}

/** What an erasure takes out: of one account, or of everybody, up to an event. */
export interface Erasure {
  sequence: number;
  subject: string | null;
  upTo: number;
}

export interface NumberedPage {
  /** Where the log ends after this page. */
  tail: Tail;
  events: NumberedEvent[];
  erasures: Erasure[];
  refused: (OutboxRow & { reason: Fault })[];
}

/** Numbers and chains a page of the outbox from where the log ends. What the log can't take gets no number. */
export function numberPage(tail: Tail, rows: readonly OutboxRow[], publicUrl: string): NumberedPage {
  const page: NumberedPage = { tail, events: [], erasures: [], refused: [] };
  for (const row of rows) {
    const judgement = judgeEvent(row);
    if (!judgement.ok) {
      page.refused.push({ ...row, reason: judgement.fault });
      continue;
    }
    const { event } = judgement;
    const sequence = page.tail.sequence + 1;
    const source = `${publicUrl}/${row.source}`;
    const { hash, body, personal: text } = finishEvent(event, { source, sequence, prevhash: page.tail.hash });
    const subject = event.subject ?? null;
    const personal = text === null ? null : { text, actor: findActor(event) };
    page.events.push({ sequence, id: row.id, type: event.type, subject, hash, body, personal });
    if (event.type === 'sallyport.audit.erased') page.erasures.push(toErasure(event, sequence));
    page.tail = { sequence, hash };
  }
  return page;
}

function findActor({ subject, data: { actor } }: EventBody): string | null {
  return actor?.type === 'account' && actor.id !== subject ? actor.id : null;
}

/** Of an account, or up to the event that it names; one that says neither takes nothing out. */
function toErasure({ subject, data: { target } }: EventBody, sequence: number): Erasure {
  const named = target?.type === 'audit_event' ? Number(target.id) : subject === undefined ? 0 : sequence - 1;
  const upTo = Number.isSafeInteger(named) ? Math.min(named, sequence - 1) : 0;
  return { sequence, subject: subject ?? null, upTo };
}
