/*
 * Cores that two kinds of work share, as on a machine where hashes run at a lower priority: everything else goes first
 * and shares all cores but those that hashes keep, and hashes share what that leaves. No task has more than one core. The
 * number of cores may be broken: what others on the machine leave.
 */
interface Task {
  leftMs: number;
  done: () => void;
}

export class Processor {
  readonly #cores: number;
  readonly #kept: number;
  readonly #first = new Set<Task>();
  readonly #hashes = new Set<Task>();
  #now = 0;
  /** Core time that was used, in milliseconds. */
  busyMs = 0;

  /** @param kept share of the cores that hashes have where there are any, whatever else is to do */
  constructor(cores: number, kept = 0) {
    this.#cores = cores;
    this.#kept = kept * cores;
  }

  /** @param cpuMs of one core; nothing takes no time */
  run(kind: 'first' | 'hash', cpuMs: number, done: () => void): void {
    if (cpuMs <= 0) done();
    else (kind === 'first' ? this.#first : this.#hashes).add({ leftMs: cpuMs, done });
  }

  /** When the next task ends if none is added before. */
  get nextAt(): number {
    const { first, hash } = this.#shares();
    const earliest = (tasks: Set<Task>, share: number) => {
      let least = Number.POSITIVE_INFINITY;
      for (const { leftMs } of tasks) least = Math.min(least, leftMs);
      return share > 0 ? this.#now + least / share : Number.POSITIVE_INFINITY;
    };
    return Math.min(earliest(this.#first, first), earliest(this.#hashes, hash));
  }

  /** Works until then, and tells those that it is done with. */
  advance(to: number): void {
    const { first, hash } = this.#shares();
    const passed = to - this.#now;
    this.#now = to;
    const done = [...this.#work(this.#first, first * passed), ...this.#work(this.#hashes, hash * passed)];
    for (const task of done) task.done();
  }

  #work(tasks: Set<Task>, cpuMs: number): Task[] {
    this.busyMs += tasks.size * cpuMs;
    const done: Task[] = [];
    for (const task of tasks) {
      task.leftMs -= cpuMs;
      if (task.leftMs > 1e-9) continue;
      tasks.delete(task);
      done.push(task);
    }
    return done;
  }

  /** Cores that one task of each kind has. */
  #shares(): { first: number; hash: number } {
    const open = this.#cores - Math.min(this.#kept, this.#hashes.size);
    const first = this.#first.size === 0 ? 0 : Math.min(1, open / this.#first.size);
    const left = Math.max(0, this.#cores - first * this.#first.size);
    const hash = this.#hashes.size === 0 ? 0 : Math.min(1, left / this.#hashes.size);
    return { first, hash };
  }
}
