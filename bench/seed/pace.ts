const everyMs = 2_000;

/** Tells how far a long work has come and how long it may still take. */
export function createPace(what: string, count: number, tell: (message: string) => void) {
  const startedMs = performance.now();
  let toldMs = startedMs;
  const rate = (done: number) => (done * 1_000) / (performance.now() - startedMs);
  return {
    tell(done: number): void {
      if (performance.now() - toldMs < everyMs) return;
      toldMs = performance.now();
      const perSecond = rate(done);
      tell(`${done} of ${count} ${what}, ${perSecond.toFixed(0)}/s, ${((count - done) / perSecond).toFixed(0)} s left`);
    },
    /** @returns how many a second */
    end(): number {
      const perSecond = rate(count);
      if (count > 0) tell(`${count} ${what}, ${perSecond.toFixed(0)}/s`);
      return perSecond;
    },
  };
}
