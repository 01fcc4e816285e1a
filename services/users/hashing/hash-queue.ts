/*
 * The queue before the cores (promise 5, and RFC 9110 section 15.6.4 for the answer). Every hash goes through it, real
 * and decoy alike. Addresses take turns, and within one it is first come first served: whoever sends many at once makes
 * himself wait, and nobody else but for one hash in each turn. An address alone has all the cores.
 *
 * A job is refused at once when its expected wait is too long: work that nobody waits for any more would only make
 * everyone later. The expected wait is the work ahead, by turns, in units of 2^cost, by the measured time of a unit.
 * Where that was wrong, a job is refused when its deadline comes while it waits. What goes `ahead` belongs to a request
 * whose first hash was taken on, and whose code may be spent by now: it is next, and isn't refused for want of time.
 * There is at most one for each hash that was let in.
 */
import { Unavailable } from '@sallyport/contracts';
import type { Execute, HashJob, HashResult } from './hash-job.ts';
import type { HashMetrics } from './hash-metrics.ts';

export interface HashQueue {
  /** @throws Unavailable (overloaded) where a job would be refused now: to be asked before any other work is done */
  requireRoom(from: string): void;
  /**
   * @param options.from whose turn it takes
   * @throws Unavailable (overloaded) when the queue, or the place in it of one address, is full
   */
  run(job: HashJob, options: { from: string; ahead?: boolean }): Promise<HashResult>;
  depth(): number;
  /** Refuses what waits. */
  close(): void;
}

export interface QueueLimits {
  maxWaiting: number;
  /** The same for one address: fewer than a gateway has connections, which it would fill otherwise. */
  maxWaitingOfOne: number;
  /** The longest expected wait that is taken on. */
  maxExpectedMs: number;
  deadlineMs: number;
}

interface Entry extends PromiseWithResolvers<HashResult> {
  job: HashJob;
  from: string;
  since: number;
  late: NodeJS.Timeout;
}

/** About what a core needs for one unit, until it was measured. */
const firstMsPerUnit = 0.06;
const weightOfLatest = 0.2;

export function createHashQueue(options: {
  executors: readonly Execute[];
  limits: QueueLimits;
  metrics: HashMetrics;
}): HashQueue {
  const { executors, limits, metrics } = options;
  const idle = [...executors];
  const ahead: Entry[] = [];
  /** By address, that whose turn is next first. */
  const lines = new Map<string, Entry[]>();
  let unitsRunning = 0;
  let msPerUnit = firstMsPerUnit;

  const depth = () => [...lines.values()].reduce((sum, line) => sum + line.length, ahead.length);

  /** Of every other line as many go before the next of this one as this one has waiting, and one more. */
  function expectedWaitMs(from: string): number {
    if (idle.length > 0) return 0;
    const turns = (lines.get(from)?.length ?? 0) + 1;
    const before = [...lines.values()].flatMap((line) => line.slice(0, turns));
    const unitsAhead = [...ahead, ...before].reduce((sum, entry) => sum + units(entry.job), unitsRunning);
    return (unitsAhead * msPerUnit) / executors.length;
  }

  function refuse(outcome: 'refused' | 'expired', from: string): Unavailable {
    metrics.count(outcome);
    const retryAfterSeconds = Math.max(1, Math.ceil(expectedWaitMs(from) / 1_000));
    return new Unavailable('users', { overloaded: true, retryAfterSeconds });
  }

  function drop(entry: Entry): void {
    const line = ahead.includes(entry) ? ahead : (lines.get(entry.from) ?? []);
    const at = line.indexOf(entry);
    if (at !== -1) line.splice(at, 1);
    if (line !== ahead && line.length === 0) lines.delete(entry.from);
    entry.reject(refuse('expired', entry.from));
  }

  function takeNext(): Entry | undefined {
    const first = ahead.shift();
    if (first) return first;
    for (const [from, line] of lines) {
      lines.delete(from);
      const entry = line.shift();
      if (line.length > 0) lines.set(from, line);
      return entry;
    }
    return undefined;
  }

  async function start(execute: Execute, entry: Entry): Promise<void> {
    clearTimeout(entry.late);
    unitsRunning += units(entry.job);
    const started = performance.now();
    metrics.waited((started - entry.since) / 1_000);
    try {
      const result = await execute(entry.job);
      const took = (performance.now() - started) / units(entry.job);
      msPerUnit += weightOfLatest * (took - msPerUnit);
      metrics.count('done');
      entry.resolve(result);
    } catch (cause) {
      metrics.count('failed');
      entry.reject(new Unavailable('users', { cause }));
    }
    unitsRunning -= units(entry.job);
    const next = takeNext();
    if (next === undefined) idle.push(execute);
    else void start(execute, next);
  }

  function requireRoom(from: string): void {
    const full = depth() >= limits.maxWaiting || (lines.get(from)?.length ?? 0) >= limits.maxWaitingOfOne;
    if (full || expectedWaitMs(from) > limits.maxExpectedMs) throw refuse('refused', from);
  }

  return {
    requireRoom,
    async run(job, { from, ahead: isAhead = false }) {
      if (!isAhead) requireRoom(from);
      else if (depth() >= 2 * limits.maxWaiting) throw refuse('refused', from);
      const entry: Entry = {
        ...Promise.withResolvers<HashResult>(),
        job,
        from,
        since: performance.now(),
        late: setTimeout(() => drop(entry), limits.deadlineMs),
      };
      const execute = idle.pop();
      const line = lines.get(from);
      if (execute !== undefined) void start(execute, entry);
      else if (isAhead) ahead.unshift(entry);
      else if (line) line.push(entry);
      else lines.set(from, [entry]);
      return entry.promise;
    },
    depth,
    close() {
      for (const entry of [...ahead, ...[...lines.values()].flat()]) {
        clearTimeout(entry.late);
        drop(entry);
      }
    },
  };
}

function units(job: HashJob): number {
  return 2 ** job.cost;
}
