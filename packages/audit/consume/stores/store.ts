/** What a store keeps of an event. */
export interface EventMark {
  id: string;
  sequence: number;
  type: string;
  hash: string;
}

/** How far a consumer has come. */
export interface Progress {
  /** The highest event that was taken, and its hash. */
  sequence: number;
  hash: string;
  /** Up to here nothing is missing: whatever comes from here or below was taken before. */
  floor: number;
  /** What was taken above the floor, in order. */
  seen: EventMark[];
}

/**
 * Remembers for each consumer what it has taken, so that nothing is taken twice. `Tools` is what a handler is given to
 * work with.
 */
export interface Store<Tools> {
  /** Makes what it needs, where that isn't there. */
  open(): Promise<void>;
  find(consumer: string): Promise<Progress | undefined>;
  /**
   * Runs the effect and marks the event as taken, raising the floor, in one transaction if the store has those. Returns
   * false, without effect, for an event that was taken before.
   */
  take(
    consumer: string,
    event: EventMark,
    floor: number,
    effect: (tools: Tools) => Promise<void> | void,
  ): Promise<boolean>;
}
