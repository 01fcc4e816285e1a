/** Wakes one waiter, at once or when it next waits: a ring is never lost, and many count as one. */
export interface Bell {
  ring(): void;
  /** Resolves when it rings, at the latest after `ms`. */
  wait(ms: number): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms) {
      if (!rung) {
        const woken = Promise.withResolvers<void>();
        const timer = setTimeout(woken.resolve, ms);
        wake = woken.resolve;
        await woken.promise;
        clearTimeout(timer);
        wake = undefined;
      }
      rung = false;
    },
  };
}
