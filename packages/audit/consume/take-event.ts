import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEvent } from '../event/audit-event.ts';
import { backOffMs } from './back-off-ms.ts';
import { markOf } from './follow.ts';
import { HandlerFailed } from './handler-failed.ts';
import type { Log } from './log.ts';
import type { Store } from './stores/store.ts';

const longestMs = 30_000;

export interface TakeOptions<Tools> {
  store: Store<Tools>;
  consumer: string;
  handle: (event: AuditEvent, tools: Tools) => Promise<void> | void;
  /** How often the handler is tried. */
  tries: number;
  /** The pause after the first failure; doubled with each further one. */
  retryMs: number;
  /** Puts away an event that the handler has failed at so often, or, with no tries at all, is not given. */
  giveUp: (event: AuditEvent) => Promise<void>;
  log: Log;
  signal: AbortSignal;
}

/**
 * Has an event handled and marked as taken; false if it was before. A handler that fails is tried again after a pause,
 * and given up after so many tries: the event is put away in place of the effect, so never one that was taken before. A
 * store that fails is waited for, for as long as it takes: an outage of the team's own database must not empty the queue
 * into the dead letters.
 */
export async function takeEvent<Tools>(
  options: TakeOptions<Tools>,
  event: AuditEvent,
  floor: number,
): Promise<boolean> {
  const { store, consumer, handle, tries, retryMs, log, signal } = options;
  const mark = markOf(event);
  const effect = async (tools: Tools) => {
    try {
      await handle(event, tools);
    } catch (cause) {
      throw new HandlerFailed(`the handler failed at ${event.type} ${event.sequence}`, { cause });
    }
  };
  let isPutAway = false;
  const putAway = async () => {
    if (!isPutAway) await options.giveUp(event);
    isPutAway = true;
  };
  let failed = 0;
  for (let failures = 1; ; failures += 1) {
    try {
      return await store.take(consumer, mark, floor, failed < tries ? effect : putAway);
    } catch (error) {
      const ofHandler = error instanceof HandlerFailed;
      const isAway = failed < tries ? 'the store is away' : 'an event can not be put away';
      const what = ofHandler ? 'a handler has failed' : isAway;
      log('warn', what, { sequence: event.sequence, type: event.type, error: sayWhy(ofHandler ? error.cause : error) });
      if (ofHandler) failed += 1;
      if (failed < tries || !ofHandler)
        await sleep(backOffMs(ofHandler ? failed : failures, retryMs, longestMs), undefined, { signal });
    }
  }
}

function sayWhy(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
