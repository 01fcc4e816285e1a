import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from './back-off-ms.ts';
import type { Log } from './log.ts';

const longestMs = 30_000;

/** Asks until the store answers: an event in hand that went back meanwhile would come nearer to the dead letters. */
export async function waitForStore<Answer>(
  ask: () => Promise<Answer>,
  { log, retryMs, signal }: { log: Log; retryMs: number; signal: AbortSignal },
): Promise<Answer> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      log('warn', 'the store is away', { error: String(error) });
      await sleep(backOffMs(failures, retryMs, longestMs), undefined, { signal });
    }
  }
}
