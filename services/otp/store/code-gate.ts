/*
 * The gate before the claim (promise 1, second line): a step that was let through once is refused whatever Postgres
 * says, for longer than it can match. It holds where a promoted standby lost the last commits.
 * `release` gives a step back that the claim refused for another reason (the challenge was spent, the factor changed),
 * so that no code is lost to a race it didn't win; it is best effort, and no answer waits on its success.
 */
export interface CodeGate {
  /** @throws Unavailable where `take` would for sure: to be asked before an attempt is counted */
  requireReady(userId: string): void;
  /** Whether this is the first use of the step. @throws Unavailable when that can't be known */
  take(userId: string, step: number, token: string): Promise<boolean>;
  release(userId: string, step: number, token: string): Promise<void>;
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/** A step can match for (2 x window + 1) x 30 s; a minute more for clocks that differ. */
export function gateSeconds(windowSteps: number): number {
  return (2 * windowSteps + 1) * 30 + 90;
}
