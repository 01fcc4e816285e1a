import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `look` finds something true, and returns it; how long it took is in the message when it doesn't. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found> | Found,
  options: { ms?: number; everyMs?: number } = {},
): Promise<Exclude<Found, false | undefined | null | 0 | ''>> {
  const { ms = 30_000, everyMs = 25 } = options;
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<Found, false | undefined | null | 0 | ''>;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(everyMs);
  }
}
