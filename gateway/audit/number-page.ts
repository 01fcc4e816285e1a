import { finishEvent } from './finish-event.ts';
import { type Fault, judgeEvent } from './judge-event.ts';
import type { Head } from './store/log.ts';

export interface OutboxRow {
  id: string;
  source: string;
  body: string;
}

interface NumberedEvent {
  sequence: number;
  id: string;
  type: string;
  subject: string | null;
  hash: string;
  body: string;
}

export interface NumberedPage {
  /** Where the log ends after this page. */
  head: Head;
  events: NumberedEvent[];
  refused: (OutboxRow & { reason: Fault })[];
}

/** Numbers and chains a page of the outbox from a head on. What the log can't take gets no number. */
export function numberPage(head: Head, rows: readonly OutboxRow[], publicUrl: string): NumberedPage {
  const page: NumberedPage = { head, events: [], refused: [] };
  for (const row of rows) {
    const judgement = judgeEvent(row);
    if (!judgement.ok) {
      page.refused.push({ ...row, reason: judgement.fault });
      continue;
    }
    const { event } = judgement;
    const sequence = page.head.sequence + 1;
    const source = `${publicUrl}/${row.source}`;
    const { hash, body } = finishEvent(event, { source, sequence, prevhash: page.head.hash });
    page.events.push({ sequence, id: row.id, type: event.type, subject: event.subject ?? null, hash, body });
    page.head = { sequence, hash };
  }
  return page;
}
