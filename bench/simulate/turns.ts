/*
 * The queue before the hashes as services/users/hashing/hash-queue.ts has it: a line for each address, that take turns;
 * refused at once where the line or all of it is full or the wait by turns too long; refused later at a deadline. A worker
 * that becomes free takes those whose turn it is, as many as it has lanes; one that is free already takes whoever comes.
 */
export interface QueueLimits {
  maxWaiting: number;
  maxWaitingOfOne: number;
  maxExpectedMs: number;
  deadlineMs: number;
}

export interface Waiting {
  from: number;
}

export class Turns<Entry extends Waiting> {
  readonly #lines = new Map<number, Entry[]>();
  readonly #workers: number;
  readonly #lanes: number;
  readonly #limits: QueueLimits;
  readonly #start: (together: readonly Entry[]) => void;
  #busy = 0;
  /** Hashes that are made now, of all workers. */
  running = 0;
  waiting = 0;

  /** @param start told what a worker begins, which is done when `leave` is called with it */
  constructor(
    options: { workers: number; lanes: number; limits: QueueLimits },
    start: (together: readonly Entry[]) => void,
  ) {
    this.#workers = options.workers;
    this.#lanes = options.lanes;
    this.#limits = options.limits;
    this.#start = start;
  }

  /** @param hashMs the time that a hash takes a worker at present, its share where several are made at once */
  hasRoom(from: number, hashMs: number): boolean {
    if (this.#busy < this.#workers) return true;
    const { maxWaiting, maxWaitingOfOne, maxExpectedMs } = this.#limits;
    const own = this.#lines.get(from)?.length ?? 0;
    if (this.waiting >= maxWaiting || own >= maxWaitingOfOne) return false;
    let before = this.running;
    for (const line of this.#lines.values()) before += Math.min(line.length, own + 1);
    return (before * hashMs) / this.#workers <= maxExpectedMs;
  }

  enter(entry: Entry): void {
    if (this.#busy < this.#workers) {
      this.#begin([entry]);
      return;
    }
    this.waiting += 1;
    const line = this.#lines.get(entry.from);
    if (line) line.push(entry);
    else this.#lines.set(entry.from, [entry]);
  }

  /** A worker is free again: whoever's turn it is begins, and those behind along with him. */
  leave(together: readonly Entry[]): void {
    this.#busy -= 1;
    this.running -= together.length;
    const next: Entry[] = [];
    while (next.length < this.#lanes && this.waiting > 0) next.push(...this.#takeTurn());
    if (next.length > 0) this.#begin(next);
  }

  #begin(together: readonly Entry[]): void {
    this.#busy += 1;
    this.running += together.length;
    this.#start(together);
  }

  #takeTurn(): Entry[] {
    for (const [from, line] of this.#lines) {
      this.#lines.delete(from);
      const taken = line.splice(0, 1);
      if (line.length > 0) this.#lines.set(from, line);
      this.waiting -= taken.length;
      return taken;
    }
    return [];
  }

  /** Gives a place up; false where it had its turn already. */
  drop(entry: Entry): boolean {
    const line = this.#lines.get(entry.from);
    const at = line?.indexOf(entry) ?? -1;
    if (line === undefined || at === -1) return false;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(entry.from);
    this.waiting -= 1;
    return true;
  }
}
