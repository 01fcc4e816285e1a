import { cores, type MeasuredRound, type Rig } from '../rig.ts';
import { beyondHashing } from '../system/cpu-meter.ts';
import type { LoginCosts } from './simulate-logins.ts';

export interface Calibration {
  costs: LoginCosts;
  /** CPU of raw hashes at the time, one alone, two at once, and so on: the speed of cores changes from minute to minute. */
  rawMs: readonly number[];
  /** By how much those at once take longer in users than raw: what they take beyond one alone. */
  beyondRaw: number;
  /** Cores that parts and stores take of themselves, where nobody logs in. */
  idleCores: number;
}

/** @returns undefined where the system tells no CPU times */
export async function calibrate(rig: Rig, seconds: number, clients: number): Promise<Calibration | undefined> {
  const before = await rig.measureLanes(seconds);
  const alone = await rig.measureRound('login', { concurrency: 1, rampMs: 500, seconds });
  const each = await rig.measureRound('login', { concurrency: cores, rampMs: 500, seconds });
  const busy = await rig.measureRound('login', { concurrency: clients, rampMs: 1_000, seconds });
  const after = await rig.measureLanes(seconds);
  const idle = await rig.measureIdle(seconds);
  const idleCores = idle === undefined ? 0 : beyondHashing(idle) / 1_000;
  const rawMs = meanOf(before, after);
  const beyondRaw = each.cpu && busy.cpu ? beyondRawOf(hashMsOf(each), hashMsOf(busy), rawMs) : 1;
  const costs = costsOf({ alone, each, busy }, idleCores, togetherOf(rawMs, beyondRaw));
  return costs && { costs, rawMs, beyondRaw, idleCores };
}

/**
 * CPU of a hash from where as many log in as there are cores: no hash waits there, so each is made alone. CPU beside it
 * from where many log in at once, times from where one does. CPU beside the hash is shared out to the two steps as
 * their times are without it; what is left of each step's time is waiting.
 */
function costsOf(
  { alone, each, busy }: Record<'alone' | 'each' | 'busy', MeasuredRound>,
  idleCores: number,
  together: readonly number[],
): LoginCosts | undefined {
  const [one, two] = [alone.calls['POST /login'], alone.calls['POST /login/otp']];
  if (each.cpu === undefined || busy.cpu === undefined || one === undefined || two === undefined) return undefined;
  const hashMs = hashMsOf(each);
  const cpuMs = Math.max(0, beyondHashing(busy.cpu) - idleCores * busy.elapsedMs) / busy.completed;
  const besideMs = Math.max(0.1, one.p50 - hashMs);
  const stepOneCpuMs = (cpuMs * besideMs) / (besideMs + two.p50);
  const stepTwoCpuMs = cpuMs - stepOneCpuMs;
  return {
    hashMs,
    together,
    stepOneCpuMs,
    stepTwoCpuMs,
    stepOneWaitMs: Math.max(0, besideMs - stepOneCpuMs),
    stepTwoWaitMs: Math.max(0, two.p50 - stepTwoCpuMs),
    clientCpuMs: busy.cpu.loadGenerator / busy.completed,
  };
}

function hashMsOf({ cpu, completed }: MeasuredRound): number {
  return (cpu?.hashing ?? Number.NaN) / completed;
}

/** Where many log in, each core makes as many at once as it can. They share its caches with the rest of the logins there. */
function beyondRawOf(aloneMs: number, eachAtOnceMs: number, rawMs: readonly number[]): number {
  const raw = togetherOf(rawMs, 1).at(-1) ?? 1;
  return Math.max(0, ((rawMs.length * eachAtOnceMs) / aloneMs - 1) / (raw - 1));
}

/** The same logins on cores that are faster or slower by now, of which others may take what hashes at once share. */
export function costsAt({ costs, rawMs, beyondRaw }: Calibration, nowMs: readonly number[]): LoginCosts {
  const by = (nowMs[0] ?? Number.NaN) / (rawMs[0] ?? Number.NaN);
  const { hashMs, stepOneCpuMs, stepTwoCpuMs, clientCpuMs } = costs;
  return {
    ...costs,
    hashMs: hashMs * by,
    together: togetherOf(nowMs, beyondRaw),
    stepOneCpuMs: stepOneCpuMs * by,
    stepTwoCpuMs: stepTwoCpuMs * by,
    clientCpuMs: clientCpuMs * by,
  };
}

export function meanOf(one: readonly number[], other: readonly number[]): number[] {
  return one.map((ms, at) => (ms + (other[at] ?? Number.NaN)) / 2);
}

function togetherOf(rawMs: readonly number[], beyondRaw: number): number[] {
  return rawMs.map((ms) => 1 + (ms / (rawMs[0] ?? Number.NaN) - 1) * beyondRaw);
}

/** What a login takes of the cores at least: where as many hashes are made at once as may be. */
export function leastCpuOf({ hashMs, together, stepOneCpuMs, stepTwoCpuMs, clientCpuMs }: LoginCosts): number {
  return leastHashMsOf({ hashMs, together }) + stepOneCpuMs + stepTwoCpuMs + clientCpuMs;
}

export function leastHashMsOf({ hashMs, together }: Pick<LoginCosts, 'hashMs' | 'together'>): number {
  return (hashMs * (together.at(-1) ?? 1)) / together.length;
}
