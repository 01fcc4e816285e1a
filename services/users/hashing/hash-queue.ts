/*
 * The queue before the cores (promise 5, and RFC 9110 section 15.6.4 for the answer). Every hash goes through it, real
 * and decoy alike, first come first served. A job is refused at once when its expected wait is too long: work that
 * nobody waits for any more would only make everyone later. The expected wait is the work ahead, in units of 2^cost,
 * by the measured time of a unit. Where that was wrong, a job is refused when its deadline comes while it waits.
 * What goes `ahead` belongs to a request whose first hash was taken on, and whose code may be spent by now: it is next,
 * and isn't refused for want of time. There is at most one for each hash that was let in.
 */
import { Unavailable } from '@sallyport/contracts';
import type { Execute, HashJob, HashResult } from './hash-job.ts';
import type { HashMetrics } from './hash-metrics.ts';

export interface HashQueue {
  /** @throws Unavailable (overloaded) where a job would be refused now: to be asked before any other work is done */
  requireRoom(): void;
  /** @throws Unavailable (overloaded) when the queue is full */
  run(job: HashJob, options?: { ahead?: boolean }): Promise<HashResult>;
  depth(): number;
  /** Refuses what waits. */
  close(): void;
}

export interface QueueLimits {
  maxWaiting: number;
  /** The longest expected wait that is taken on. */
  maxExpectedMs: number;
  deadlineMs: number;
}

interface Entry extends PromiseWithResolvers<HashResult> {
  job: HashJob;
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
  const waiting: Entry[] = [];
  let unitsAhead = 0;
  let msPerUnit = firstMsPerUnit;

  const expectedWaitMs = () => (idle.length > 0 ? 0 : (unitsAhead * msPerUnit) / executors.length);

  function refuse(outcome: 'refused' | 'expired'): Unavailable {
    metrics.count(outcome);
    const retryAfterSeconds = Math.max(1, Math.ceil(expectedWaitMs() / 1_000));
    return new Unavailable('users', { overloaded: true, retryAfterSeconds });
  }

  function drop(entry: Entry): void {
    waiting.splice(waiting.indexOf(entry), 1);
    unitsAhead -= units(entry.job);
    entry.reject(refuse('expired'));
  }

  async function start(execute: Execute, entry: Entry): Promise<void> {
    clearTimeout(entry.late);
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
    unitsAhead -= units(entry.job);
    const next = waiting.shift();
    if (next === undefined) idle.push(execute);
    else void start(execute, next);
  }

  function requireRoom(): void {
    if (waiting.length >= limits.maxWaiting || expectedWaitMs() > limits.maxExpectedMs) throw refuse('refused');
  }

  return {
    requireRoom,
    async run(job, { ahead = false } = {}) {
      if (!ahead) requireRoom();
      else if (waiting.length >= 2 * limits.maxWaiting) throw refuse('refused');
      const entry: Entry = {
        ...Promise.withResolvers<HashResult>(),
        job,
        since: performance.now(),
        late: setTimeout(() => drop(entry), limits.deadlineMs),
      };
      unitsAhead += units(job);
      const execute = idle.pop();
      if (execute !== undefined) void start(execute, entry);
      else if (ahead) waiting.unshift(entry);
      else waiting.push(entry);
      return entry.promise;
    },
    depth: () => waiting.length,
    close() {
      for (const entry of [...waiting]) {
        clearTimeout(entry.late);
        drop(entry);
      }
    },
  };
}

function units(job: HashJob): number {
  return 2 ** job.cost;
}
