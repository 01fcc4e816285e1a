import { outsideRequests } from '@sallyport/tracing';
import type { Logger } from './index.ts';

const againMs = 60_000;
const mostCauses = 100;

/** Tells of broken connections to a dependency: of each cause when it begins, and once a minute while it lasts. */
export function tellTrouble(logger: Logger, dependency: string): (error: Error) => void {
  // Several nodes that are away take turns.
  const toldAt = new Map<string, number>();
  return ({ message }) => {
    const now = performance.now();
    if (now - (toldAt.get(message) ?? Number.NEGATIVE_INFINITY) < againMs) return;
    if (toldAt.size >= mostCauses) toldAt.clear();
    toldAt.set(message, now);
    // A connection that breaks has served many requests; that which opened it has no part in it.
    outsideRequests(() => logger.warn({ dependency, cause: message }, 'connection trouble'));
  };
}
