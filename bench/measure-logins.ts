/*
 * Logins beside raw bcrypt. The machine's speed changes from minute to minute, so raw and logins alternate, and each
 * round of logins is held against the two raw measurements before and after it, never against another run's.
 */
import type { BenchOptions } from './arguments.ts';
import { type Bench, cores, type MeasuredRaw, type MeasuredRound } from './bench.ts';
import { formatFigure } from './report/table.ts';
import { beyondHashing, type CpuTimes, mapTimes } from './system/cpu-meter.ts';
import { windowSteps } from './system/start-system.ts';

export interface LoginRound extends MeasuredRound {
  concurrency: number;
  rawPerSecond: number;
  rawCpuMs: number;
  /** Logins a second over raw hashes a second. */
  ratio: number;
  /** The same for each core that others left at the time; on a quiet machine no other than the ratio. */
  adjustedRatio: number;
  /** CPU of a login in milliseconds. */
  perLogin: LoginCpu | undefined;
}

interface LoginCpu extends CpuTimes {
  /** All parts and stores, less one raw hash as measured beside it. */
  beyondRawHash: number;
  /** All parts and stores, less what the hashing threads of users spent. */
  beyondHashing: number;
}

const warmUpSeconds = 4;
const rawWarmUpSeconds = 2;
const idleSeconds = 4;
/** More than a core will do, whatever the hash costs and with a hash in that time; plans accounts alone. */
const mostPerCore = 250;
const leastMsPerUnit = 0.04;
/** Those of the window but the lowest, and but the one that enabled the factor. */
const codesOfAnAccount = 2 * windowSteps - 1;

/** How many accounts it takes so that no round runs dry. */
function planAccounts(options: { perSecond: number; seconds: number; concurrency: number }): number {
  const logins = options.perSecond * options.seconds;
  return Math.ceil(logins / codesOfAnAccount) + 2 * options.concurrency;
}

export async function measureLogins(
  bench: Bench,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<{ rounds: LoginRound[]; idle: CpuTimes | undefined }> {
  const { seconds, rounds, concurrency } = options;
  const { perSecond: rawPerSecond } = await bench.measureRaw(rawWarmUpSeconds);
  const perSecond = cores * Math.min(mostPerCore, 1_000 / (leastMsPerUnit * 2 ** options.cost));
  const rampMs = (clients: number) => 500 + (1_300 * clients) / Math.min(rawPerSecond, perSecond);
  const windows = concurrency.map((clients) => seconds + rampMs(clients) / 1_000);
  const loginSeconds = warmUpSeconds + rounds * windows.reduce((sum, window) => sum + window, 0);
  const accounts = planAccounts({ perSecond, seconds: loginSeconds, concurrency: Math.max(...concurrency) });
  tell(`raw bcrypt about ${rawPerSecond.toFixed(0)}/s; signing up and enrolling ${accounts} accounts over the API`);
  await bench.prepareAccounts(accounts);
  tell('warming up');
  await bench.measureRound('login', { concurrency: Math.max(...concurrency), rampMs: 0, seconds: warmUpSeconds });
  const idle = await bench.measureIdle(idleSeconds);

  const measured: LoginRound[] = [];
  let before = await bench.measureRaw(seconds);
  for (let round = 1; round <= rounds; round += 1) {
    for (const clients of concurrency) {
      const logins = await bench.measureRound('login', { concurrency: clients, rampMs: rampMs(clients), seconds });
      const after = await bench.measureRaw(seconds);
      const login = holdAgainst(logins, clients, before, after);
      tell(`round ${round} of ${rounds}, ${clients} at once: ${describe(login)}`);
      measured.push(login);
      before = after;
    }
  }
  return { rounds: measured, idle };
}

function holdAgainst(logins: MeasuredRound, concurrency: number, before: MeasuredRaw, after: MeasuredRaw): LoginRound {
  const rawPerSecond = (before.perSecond + after.perSecond) / 2;
  const rawCpuMs = (before.cpuMsPerHash + after.cpuMsPerHash) / 2;
  const perLogin = logins.cpu && cpuOfOne(logins.cpu, logins.completed, rawCpuMs);
  const ratio = logins.perSecond / rawPerSecond;
  const adjustedRatio = perCore(logins) / ((perCore(before) + perCore(after)) / 2);
  return { ...logins, concurrency, rawPerSecond, rawCpuMs, ratio, adjustedRatio, perLogin };
}

function cpuOfOne(cpu: CpuTimes, logins: number, rawCpuMs: number): LoginCpu {
  const one = mapTimes(cpu, (ms) => ms / logins);
  const beyond = beyondHashing(one);
  return { ...one, beyondHashing: beyond, beyondRawHash: beyond + one.hashing - rawCpuMs };
}

function perCore({ perSecond, coresLeft }: { perSecond: number; coresLeft: number | undefined }): number {
  return coresLeft === undefined ? Number.NaN : perSecond / coresLeft;
}

function describe(login: LoginRound): string {
  const rates = `${login.perSecond.toFixed(1)} logins/s, raw ${login.rawPerSecond.toFixed(1)}/s`;
  const ratios = `ratio ${login.ratio.toFixed(3)}, adjusted ${formatFigure(login.adjustedRatio)}`;
  return `${rates}, ${ratios}; others left ${formatFigure(login.coresLeft)} cores`;
}
