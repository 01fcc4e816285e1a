/*
 * A discrete-event simulation of logins. A login is work before its hash, the queue, the hash, work after it: that is
 * `POST /login`; then the work of `POST /login/otp`, and what the client does between two. Work is CPU, that competes for
 * the cores, and waiting for disks and networks, that doesn't. A worker makes several hashes at once where several wait.
 * What isn't a hash takes now more and now less, so that logins whose hashes were made at once don't stay in step. Times
 * are milliseconds.
 */
import { Agenda } from './agenda.ts';
import { Processor } from './processor.ts';
import { createRandom, exponential } from './random.ts';
import { type QueueLimits, Turns, type Waiting } from './turns.ts';

export interface LoginCosts {
  /** CPU of one hash alone. */
  hashMs: number;
  /** CPU of 1, 2 and more hashes that a core makes at once, in hashes alone; of as many as one makes at most. */
  together: readonly number[];
  /** CPU of the rest of each step, of all parts and stores; of step one half comes before the hash. */
  stepOneCpuMs: number;
  stepTwoCpuMs: number;
  /** Of each step, beside the CPU. */
  stepOneWaitMs: number;
  stepTwoWaitMs: number;
  /** CPU that a login takes of whoever calls, on the same cores. */
  clientCpuMs: number;
}

export interface Simulation {
  costs: LoginCosts;
  cores: number;
  /** Threads that hash. */
  workers: number;
  /** Share of the cores that hashes have in spite of their priority; none by default. */
  kept?: number;
  limits: QueueLimits;
  /** So many who log in again and again, each from an address of his own; or so many a second, each from another one. */
  arrivals: { clients: number } | { perSecond: number };
  /** A hash of a password is always the same work; theory mostly isn't about that. At once they take one time in common. */
  hashes?: 'alike' | 'exponential';
  warmUpMs: number;
  measuredMs: number;
  seed: number;
}

export interface Simulated {
  perSecond: number;
  /** Of `POST /login` and `POST /login/otp`, where they were answered 200 in the window. */
  stepOneMs: number[];
  stepTwoMs: number[];
  /** Begun, refused and completed in the window. */
  arrived: number;
  refused: number;
  completed: number;
  /** On their way at its end less at its beginning. */
  gained: number;
  /** How many waited or were hashed, on average over the window. */
  meanHashing: number;
  /** Hashes that a core made at once, on average. */
  meanTogether: number;
  /** Cores in use, on average. */
  meanBusy: number;
}

const retryAfterMs = 1_000;

interface Hash extends Waiting {
  done: () => void;
}

export function simulateLogins(simulation: Simulation): Simulated {
  const { costs, cores, workers, limits, arrivals, warmUpMs, measuredMs } = simulation;
  const random = createRandom(simulation.seed);
  const agenda = new Agenda();
  const processor = new Processor(cores, simulation.kept);
  const turns = new Turns({ workers, lanes: costs.together.length, limits }, startHashes);
  const endMs = warmUpMs + measuredMs;
  const found = {
    stepOneMs: [] as number[],
    stepTwoMs: [] as number[],
    arrived: 0,
    refused: 0,
    completed: 0,
    gained: 0,
    hashes: 0,
    starts: 0,
  };
  let now = 0;
  let hashTookMs = costs.hashMs;
  let hashingMs = 0;

  const isMeasured = () => now >= warmUpMs && now < endMs;
  const add = (name: 'arrived' | 'refused' | 'completed', gained: number) => {
    if (!isMeasured()) return;
    found[name] += 1;
    found.gained += gained;
  };
  const later = (ms: number, run: () => void) => agenda.add(now + ms, run);
  const varied = (ms: number) => (ms > 0 ? exponential(random, ms) : 0);
  const work = (cpuMs: number, waitMs: number, done: () => void) =>
    processor.run('first', varied(cpuMs), () => (waitMs > 0 ? later(varied(waitMs), done) : done()));

  function startHashes(together: readonly Hash[]): void {
    const startedMs = now;
    const aloneMs = simulation.hashes === 'exponential' ? exponential(random, costs.hashMs) : costs.hashMs;
    if (isMeasured()) {
      found.hashes += together.length;
      found.starts += 1;
    }
    processor.run('hash', aloneMs * (costs.together[together.length - 1] ?? together.length), () => {
      hashTookMs += 0.2 * ((now - startedMs) / together.length - hashTookMs);
      turns.leave(together);
      for (const { done } of together) done();
    });
  }

  function hash(from: number, done: () => void, refuse: () => void): void {
    if (!turns.hasRoom(from, hashTookMs)) {
      refuse();
      return;
    }
    const entry = { from, done };
    turns.enter(entry);
    if (Number.isFinite(limits.deadlineMs))
      later(limits.deadlineMs, () => {
        if (turns.drop(entry)) refuse();
      });
  }

  function logIn(from: number, end: (waitMs: number) => void): void {
    add('arrived', 1);
    const startedMs = now;
    const [half, wait] = [costs.stepOneCpuMs / 2, costs.stepOneWaitMs / 2];
    const refuse = () => {
      add('refused', -1);
      end(retryAfterMs);
    };
    const stepTwo = () => {
      if (isMeasured()) found.stepOneMs.push(now - startedMs);
      const sinceMs = now;
      work(costs.stepTwoCpuMs, costs.stepTwoWaitMs, () => {
        if (isMeasured()) found.stepTwoMs.push(now - sinceMs);
        add('completed', -1);
        end(0);
      });
    };
    work(costs.clientCpuMs + half, wait, () => hash(from, () => work(half, wait, stepTwo), refuse));
  }

  if ('clients' in arrivals) {
    const again = (client: number) => logIn(client, (waitMs) => later(waitMs, () => again(client)));
    for (let client = 0; client < arrivals.clients; client += 1) later(client, () => again(client));
  } else {
    const arrive = (number: number) => {
      later(exponential(random, 1_000 / arrivals.perSecond), () => arrive(number + 1));
      logIn(number, () => undefined);
    };
    later(0, () => arrive(0));
  }

  let busyBefore = 0;
  while (now < endMs) {
    const next = Math.min(agenda.nextAt, processor.nextAt, endMs, now < warmUpMs ? warmUpMs : endMs);
    if (now >= warmUpMs) hashingMs += (turns.waiting + turns.running) * (next - now);
    now = next;
    processor.advance(now);
    if (now === warmUpMs) busyBefore = processor.busyMs;
    while (agenda.nextAt <= now) agenda.take()?.();
  }
  const { hashes, starts, ...counted } = found;
  return {
    ...counted,
    perSecond: (found.completed / measuredMs) * 1_000,
    meanHashing: hashingMs / measuredMs,
    meanTogether: hashes / starts,
    meanBusy: (processor.busyMs - busyBefore) / measuredMs,
  };
}
