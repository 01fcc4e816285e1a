/*
 * The queue before the cores (promise 5, and RFC 9110 section 15.6.4 for the answer). Every hash goes through it, real
 * and decoy alike. Addresses take turns, and within one it is first come first served: whoever sends many at once makes
 * himself wait, and nobody else but for one hash in each turn. An address alone has all the cores.
 *
 * A job is refused at once when its expected wait is too long: work that nobody waits for any more would only make
 * everyone later. The expected wait is the work ahead, by turns, in units of 2^cost, by the measured time of a unit: one of
 * a new hash, which has its core for itself, and one of a comparison, as they have shared cores lately.
 * Where that was wrong, a job is refused when its deadline comes while it waits. What goes `ahead` belongs to a request
 * whose first hash was taken on, and whose code may be spent by now: it is next, and isn't refused for want of time.
 * There is at most one for each hash that was let in.
 *
 * A core that is free takes several comparisons at once where several wait whose turn it is: together they take little
 * longer than one alone. None waits for others to come.
 */
import { Unavailable } from '@sallyport/contracts';
import { beginSpan, type OpenSpan, withinRequest } from '@sallyport/tracing';
import { type Execute, type HashJob, type HashResult, mostLanes } from './hash-job.ts';
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
  /** How many cores hash now, and how many there are for it. */
  cores(): { busy: number; all: number };
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
  waiting: OpenSpan | undefined;
  /** Begins the span of the hash itself, in the trace of whose turn it is. */
  beginHash: () => OpenSpan | undefined;
}

/** About what a core needs for one unit, until it was measured. */
const firstMsPerUnit = 0.06;
const weightOfLatest = 0.2;

/** @param options.lanes how many comparisons a core makes at once now, at most */
export function createHashQueue(options: {
  executors: readonly Execute[];
  limits: QueueLimits;
  metrics: HashMetrics;
  lanes?: () => number;
}): HashQueue {
  const { executors, limits, metrics, lanes = () => mostLanes } = options;
  const idle = [...executors];
  const ahead: Entry[] = [];
  /** By address, that whose turn is next first. */
  const lines = new Map<string, Entry[]>();
  let msRunning = 0;
  const msPerUnit = { made: firstMsPerUnit, compared: firstMsPerUnit };
  const expectedMs = (job: HashJob) => units(job) * msPerUnit[kindOf(job)];

  const depth = () => [...lines.values()].reduce((sum, line) => sum + line.length, ahead.length);

  /** Of every other line as many go before the next of this one as this one has waiting, and one more. */
  function expectedWaitMs(from: string): number {
    if (idle.length > 0) return 0;
    const turns = (lines.get(from)?.length ?? 0) + 1;
    const before = [...lines.values()].flatMap((line) => line.slice(0, turns));
    return [...ahead, ...before].reduce((sum, entry) => sum + expectedMs(entry.job), msRunning) / executors.length;
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
    const refusal = refuse('expired', entry.from);
    entry.waiting?.end(refusal);
    entry.reject(refusal);
  }

  /** Whose turn it is, and those behind that a core can compare along with it. */
  function takeNext(): Entry[] {
    const first = ahead.shift() ?? takeTurn();
    if (first === undefined) return [];
    const taken = [first];
    while (taken.length < lanes() && ahead.length === 0) {
      const [line] = lines.values();
      if (line?.[0] === undefined || !goTogether(first.job, line[0].job)) break;
      const next = takeTurn();
      if (next) taken.push(next);
    }
    return taken;
  }

  function takeTurn(): Entry | undefined {
    for (const [from, line] of lines) {
      lines.delete(from);
      const entry = line.shift();
      if (line.length > 0) lines.set(from, line);
      return entry;
    }
    return undefined;
  }

  async function start(execute: Execute, entries: readonly Entry[]): Promise<void> {
    const started = performance.now();
    const jobs = entries.map((entry) => entry.job);
    const expected = jobs.reduce((all, job) => all + expectedMs(job), 0);
    const spans = entries.map((entry) => {
      clearTimeout(entry.late);
      entry.waiting?.end();
      metrics.waited((started - entry.since) / 1_000);
      return entry.beginHash();
    });
    msRunning += expected;
    try {
      const results = await execute(jobs);
      const tookMs = performance.now() - started;
      learn(jobs, tookMs);
      metrics.took(tookMs / 1_000, entries.length);
      for (const [at, entry] of entries.entries()) {
        metrics.count('done');
        spans[at]?.end();
        const result = results[at];
        if (result === undefined) entry.reject(new Unavailable('users', { cause: new Error('a hash has no result') }));
        else entry.resolve(result);
      }
    } catch (cause) {
      for (const [at, entry] of entries.entries()) {
        metrics.count('failed');
        spans[at]?.end(cause);
        entry.reject(new Unavailable('users', { cause }));
      }
    }
    msRunning -= expected;
    const next = takeNext();
    if (next.length === 0) idle.push(execute);
    else void start(execute, next);
  }

  /** Those that shared a core are of one kind; each counts. */
  function learn(jobs: readonly HashJob[], tookMs: number): void {
    const [job] = jobs;
    if (job === undefined) return;
    const weight = 1 - (1 - weightOfLatest) ** jobs.length;
    msPerUnit[kindOf(job)] += weight * (tookMs / (jobs.length * units(job)) - msPerUnit[kindOf(job)]);
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
        waiting: beginSpan('internal', 'wait for a core', {}),
        beginHash: withinRequest(() => beginSpan('internal', 'bcrypt', { 'hash.cost': job.cost })),
      };
      const execute = idle.pop();
      const line = lines.get(from);
      if (execute !== undefined) void start(execute, [entry]);
      else if (isAhead) ahead.unshift(entry);
      else if (line) line.push(entry);
      else lines.set(from, [entry]);
      return entry.promise;
    },
    depth,
    cores: () => ({ busy: executors.length - idle.length, all: executors.length }),
    close() {
      for (const entry of [...ahead, ...[...lines.values()].flat()]) {
        clearTimeout(entry.late);
        drop(entry);
      }
    },
  };
}

/** What makes a new hash runs alone, by the library. */
function goTogether(one: HashJob, other: HashJob): boolean {
  return one.hash !== undefined && other.hash !== undefined && one.cost === other.cost;
}

function kindOf(job: HashJob): 'made' | 'compared' {
  return job.hash === undefined ? 'made' : 'compared';
}

function units(job: HashJob): number {
  return 2 ** job.cost;
}
