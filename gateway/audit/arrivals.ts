// Lets many readers wait for the log to go on at the cost of one query every 200 ms, and of none while nobody waits.
import type { Queryable } from '@sallyport/postgres';
import { getHead } from './store/find-events.ts';

export interface Arrivals {
  /**
   * Resolves to true as soon as the log has gone on past `sequence`; to false after `ms`, or when the signal says so, or at
   * once where too many wait already or this gateway is about to stop.
   */
  wait(sequence: number, options: { ms: number; signal: AbortSignal }): Promise<boolean>;
  /** Sends everybody who waits away, and whoever comes later. */
  close(): void;
}

const everyMs = 200;
const mostWaiting = 500;

export function createArrivals(db: Queryable, most: number = mostWaiting): Arrivals {
  const waiting = new Map<(moved: boolean) => void, number>();
  const closing = new AbortController();
  let planned = false;

  /** While Postgres is away nobody is woken: the head is asked for again. */
  async function look(): Promise<void> {
    const head = await getHead(db).catch(() => 0);
    for (const [wake, sequence] of waiting) if (head > sequence) wake(true);
    planned = false;
    plan();
  }

  function plan(): void {
    if (planned || waiting.size === 0) return;
    planned = true;
    setTimeout(() => void look(), everyMs).unref();
  }

  return {
    async wait(sequence, { ms, signal }) {
      const ended = AbortSignal.any([signal, closing.signal]);
      if (ended.aborted || waiting.size >= most) return false;
      const { promise, resolve: wake } = Promise.withResolvers<boolean>();
      const giveUp = () => wake(false);
      const late = setTimeout(giveUp, ms);
      ended.addEventListener('abort', giveUp);
      waiting.set(wake, sequence);
      plan();
      try {
        return await promise;
      } finally {
        waiting.delete(wake);
        clearTimeout(late);
        ended.removeEventListener('abort', giveUp);
      }
    },
    close: () => closing.abort(),
  };
}
