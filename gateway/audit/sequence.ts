// How events get their numbers. Nobody holds a lock while thinking: the head and a page of the
// outbox are read in one snapshot, numbers and hashes are computed here, and one statement writes it all, beginning
// with the compare-and-set of the head. Whoever was overtaken meanwhile, for however long it was stopped, changes
// nothing and starts again. The outbox is emptied by name, never by "ins greater than", so that a transaction that
// commits late isn't passed over. What the log can't take goes to quarantine in the same statement.
import type { Logger } from '@sallyport/logger';
import type { Db } from '@sallyport/postgres';
import { numberPage } from './number-page.ts';
import { appendPage, readOutbox } from './store/log.ts';

const pageSize = 500;

export interface SequenceResult {
  /** The types of the events that got a number, in order. */
  types: string[];
  /** There may be more to do at once: the page was full, or another gateway was faster. */
  again: boolean;
}

/** Numbers one page of the outbox. */
export async function sequencePage(options: {
  db: Pick<Db, 'query' | 'script'>;
  publicUrl: string;
  logger: Logger;
}): Promise<SequenceResult> {
  const { head, rows } = await readOutbox(options.db, pageSize);
  if (rows.length === 0) return { types: [], again: false };
  const page = numberPage(head, rows, options.publicUrl);
  if (!(await appendPage(options.db, head, page))) return { types: [], again: true };
  for (const { id, source, reason } of page.refused) {
    options.logger.error({ event_id: id, source, reason }, 'audit event quarantined');
  }
  return { types: page.events.map((event) => event.type), again: rows.length === pageSize };
}
