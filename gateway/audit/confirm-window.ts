/** What was sent and isn't confirmed yet, in order, after everything that is. */
export interface ConfirmWindow {
  /** The last number of the contiguous confirmed prefix. */
  readonly prefix: number;
  /** How many were sent after the prefix. */
  readonly size: number;
  sent(sequence: number): void;
  confirmed(sequence: number): void;
}

export function createConfirmWindow(start: number): ConfirmWindow {
  const pending = new Map<number, boolean>();
  let prefix = start;
  return {
    get prefix() {
      return prefix;
    },
    get size() {
      return pending.size;
    },
    sent(sequence) {
      pending.set(sequence, false);
    },
    confirmed(sequence) {
      pending.set(sequence, true);
      for (const [first, isConfirmed] of pending) {
        if (!isConfirmed) return;
        pending.delete(first);
        prefix = first;
      }
    },
  };
}
