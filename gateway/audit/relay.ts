// Publishes the log in its order. A go: connect, declare, then publish from the cursor on, with at
// most 256 events unconfirmed. The cursor moves, by compare-and-set, to the end of the contiguous confirmed prefix,
// and never past an event that the broker returned (a return comes before its confirm). On any fault, or when nothing
// is confirmed for 5 s, the go ends; after a back-off the next one begins again from the cursor as Postgres has it. So
// delivery is at least once and in order, duplicates carry the same id, and memory stays flat however much waits.
import type { Queryable } from '@sallyport/postgres';
import { type Broker, type BrokerNames, openBroker } from './broker.ts';
import { type ConfirmWindow, createConfirmWindow } from './confirm-window.ts';
import type { Round } from './loop.ts';
import { getCursor, moveCursor } from './store/cursor.ts';
import { findLog, type LogRow } from './store/log.ts';

const windowSize = 256;
const pageSize = 256;
const pollMs = 200;
const progressMs = 5_000;

export interface RelayOptions {
  db: Queryable;
  url: string;
  names: BrokerNames;
  /** Whether this gateway is the one that relays. */
  active: () => boolean;
  onConnected: (connected: boolean) => void;
  onPublished: () => void;
}

/** Relays until it is no longer this gateway's turn. Returns whether to begin again at once; throws on a fault. */
export async function relay(options: RelayOptions, round: Round): Promise<boolean> {
  let fault: Error | undefined;
  const onFault = (error: Error) => {
    fault ??= error;
    options.onConnected(false);
    round.bell.ring();
  };
  const broker = await openBroker({ url: options.url, names: options.names, signal: round.signal, onFault });
  options.onConnected(true);
  try {
    return await pump(options, round, broker, () => {
      if (fault) throw fault;
    });
  } finally {
    await broker.close();
    options.onConnected(false);
  }
}

async function pump(options: RelayOptions, round: Round, broker: Broker, check: () => void): Promise<boolean> {
  const { db } = options;
  let cursor = await getCursor(db, 'relay');
  let read = cursor;
  let page: LogRow[] = [];
  let progressAt = performance.now();
  const window = createConfirmWindow(cursor);

  while (options.active() && !round.signal.aborted) {
    if (page.length === 0 && window.size < windowSize) {
      page = await findLog(db, read, pageSize);
      read = page.at(-1)?.sequence ?? read;
    }
    check();
    if (window.size === 0) progressAt = performance.now();
    publish(page.splice(0, windowSize - window.size), window);
    const confirmed = window.prefix;
    if (confirmed > cursor) {
      if (!(await moveCursor(db, 'relay', cursor, confirmed))) return true;
      cursor = confirmed;
      progressAt = performance.now();
      round.working();
    } else if (window.size === 0) {
      round.working();
      await round.bell.wait(pollMs);
    } else {
      await round.bell.wait(pollMs);
      if (window.prefix === cursor && performance.now() - progressAt > progressMs) {
        throw new Error(`nothing was confirmed for ${progressMs / 1_000} s`);
      }
    }
  }
  return false;

  function publish(rows: readonly LogRow[], window: ConfirmWindow): void {
    for (const row of rows) {
      window.sent(row.sequence);
      broker.publish(row, () => {
        window.confirmed(row.sequence);
        options.onPublished();
        round.bell.ring();
      });
    }
  }
}
