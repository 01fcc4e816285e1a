const firstMs = 200;
const longestMs = 10_000;
const steadyMs = 30_000;

/** The wait before the next restart: doubles each time, and starts over after a run of 30 s. */
export function nextDelayMs(previousMs: number | undefined, uptimeMs: number): number {
  if (previousMs === undefined || uptimeMs >= steadyMs) return firstMs;
  return Math.min(previousMs * 2, longestMs);
}
