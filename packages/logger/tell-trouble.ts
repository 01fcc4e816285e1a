import type { Logger } from './index.ts';

const againMs = 60_000;

/** Tells of broken connections to a dependency: of each cause when it begins, and once a minute while it lasts. */
export function tellTrouble(logger: Logger, dependency: string): (error: Error) => void {
  let last = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    const now = performance.now();
    if (message === last && now - toldAt < againMs) return;
    last = message;
    toldAt = now;
    logger.warn({ dependency, cause: message }, 'connection trouble');
  };
}
