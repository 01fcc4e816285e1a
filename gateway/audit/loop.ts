import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '@sallyport/contracts';
import type { Logger } from '@sallyport/logger';
import { backOffMs } from './back-off-ms.ts';
import { type Bell, createBell } from './bell.ts';
import { settleWithin } from './settle-within.ts';

export interface Round {
  /** Aborted when the loop closes. */
  signal: AbortSignal;
  /** Rings when there is something to do. */
  bell: Bell;
  /** Says within a long round that it works: what failed before counts no more. */
  working(): void;
}

export interface Loop {
  /** There is something to do now. */
  nudge(): void;
  /** Stops; waits for a round that runs, but no longer than a second. */
  close(): Promise<void>;
}

const idleMs = 250;
const closeMs = 1_000;

/**
 * Runs rounds for ever: at once while one says that there is more, else every `everyMs` and when nudged, but not
 * before `restMs` have passed. Nothing is thrown out; a failure backs off, and is logged when it begins to last, when it
 * becomes another one, and when it ends.
 */
export function startLoop(options: {
  name: string;
  logger: Logger;
  now: () => number;
  everyMs: number;
  /** The shortest pause after a round that left nothing: what comes meanwhile is done together. */
  restMs?: number;
  /** Rounds run only while this holds. */
  active: () => boolean;
  round: (round: Round) => Promise<boolean>;
}): Loop {
  const { name, everyMs, restMs = 0, active } = options;
  const bell = createBell();
  const closing = new AbortController();
  const outage = trackOutage(options);

  async function turn(): Promise<void> {
    if (!active()) return bell.wait(Math.min(everyMs, idleMs));
    try {
      const more = await options.round({ signal: closing.signal, bell, working: outage.over });
      outage.over();
      if (more) return;
      if (restMs > 0) await pause(restMs);
      await bell.wait(everyMs);
    } catch (error) {
      if (!closing.signal.aborted) await pauseAfter(error);
    }
  }

  async function pauseAfter(error: unknown): Promise<void> {
    await pause(backOffMs(outage.failed(error)));
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) await turn();
  }

  const running = run();
  return {
    nudge: bell.ring,
    async close() {
      closing.abort(new Error(`${name} is closing`));
      bell.ring();
      await settleWithin(running, closeMs);
    },
  };
}

function trackOutage({ name, logger, now }: { name: string; logger: Logger; now: () => number }) {
  let failures = 0;
  let since = 0;
  let told = '';

  function tell(error: unknown): void {
    const what = String(error);
    if (what === told) return;
    told = what;
    if (error instanceof Unavailable) {
      const cause = error.cause instanceof Error ? error.cause.message || error.cause.name : undefined;
      logger.warn({ dependency: error.dependency, cause }, `${name} waits`);
    } else logger.error({ err: error }, `${name} fails`);
  }

  return {
    /** Returns the failures in a row. A dependency that is back by the next round isn't worth a line. */
    failed(error: unknown): number {
      if (failures === 0) since = now();
      failures += 1;
      if (failures > 1 || !(error instanceof Unavailable)) tell(error);
      return failures;
    },
    over(): void {
      if (told !== '') logger.info({ seconds: Math.round((now() - since) / 1_000) }, `${name} works again`);
      failures = 0;
      told = '';
    },
  };
}
