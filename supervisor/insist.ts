import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayAway } from './ask-gateway.ts';
import { nextDelayMs } from './back-off.ts';

const longestMs = 60_000;

/**
 * Asks until the gateway answers, later and later while it is away; says once that it is, and once that it is back.
 * @param ask told whether it is asked again
 */
export function createInsistence(tell: (sentence: string) => void, signal: AbortSignal) {
  return async <Result>(ask: (again: boolean) => Promise<Result>): Promise<Result> => {
    for (let delayMs: number | undefined; ; ) {
      try {
        const result = await ask(delayMs !== undefined);
        if (delayMs !== undefined) tell('The gateway is back.');
        return result;
      } catch (error) {
        if (!(error instanceof GatewayAway)) throw error;
        if (delayMs === undefined) tell(`${error.message} Trying again.`);
        delayMs = nextDelayMs(delayMs, 0);
        await sleep(Math.min(Math.max(delayMs, error.retryAfterSeconds * 1_000), longestMs), undefined, { signal });
      }
    }
  };
}
