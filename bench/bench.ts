// What the measurements share: the system that is measured, the two helpers, and how to wait and tell.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mark, startHelper } from './helper-process.ts';
import type { LoadGeneratorHandlers, LoadName, RawBcryptHandlers, RawFigures, RoundFigures } from './load/messages.ts';
import { type CpuTimes, cpuSpent, mapTimes, readCpuTimes } from './system/cpu-meter.ts';
import { startSystem, windowSteps } from './system/start-system.ts';

export interface MeasuredRound extends RoundFigures {
  perSecond: number;
  cpu: CpuTimes | undefined;
  /** Cores that others on the machine left. */
  coresLeft: number | undefined;
}

export interface MeasuredRaw extends RawFigures {
  coresLeft: number | undefined;
}

export interface Bench extends AsyncDisposable {
  /** The gateway's. */
  url: string;
  databaseUrl: string;
  stores: string[];
  measureRaw(seconds: number): Promise<MeasuredRaw>;
  prepareAccounts(count: number): Promise<void>;
  /** CPU in milliseconds a second while nobody calls; undefined where the system doesn't tell. */
  measureIdle(seconds: number): Promise<CpuTimes | undefined>;
  measureRound(
    scenario: LoadName,
    round: { concurrency: number; rampMs: number; seconds: number },
  ): Promise<MeasuredRound>;
}

export const cores = availableParallelism();

export async function openBench(options: {
  folder: string;
  cost: number;
  limits: boolean;
  profileFolder: string | undefined;
  signal: AbortSignal;
  env?: Record<string, string>;
}): Promise<Bench> {
  const { cost, signal } = options;
  await using opened = new AsyncDisposableStack();
  const system = opened.use(await startSystem(options));
  signal.throwIfAborted();
  const raw = opened.adopt(
    startHelper<RawBcryptHandlers>(new URL('./load/raw-bcrypt.ts', import.meta.url), {
      signal,
      env: { UV_THREADPOOL_SIZE: String(cores) },
    }),
    (it) => it.close(),
  );
  const load = opened.adopt(
    startHelper<LoadGeneratorHandlers>(new URL('./load/load-generator.ts', import.meta.url), { signal }),
    (it) => it.close(),
  );
  const pids = { loadGenerator: load.pid, rawBcrypt: raw.pid };
  const all = opened.move();

  /** Reads CPU times where a helper's window opens and closes. */
  function watch() {
    const spent: { before?: CpuTimes | undefined; cpu?: CpuTimes | undefined } = {};
    const onMark = (mark: Mark) => {
      const now = readCpuTimes(system, pids);
      if (mark === 'window-opened') spent.before = now;
      else spent.cpu = cpuSpent(spent.before, now);
    };
    return { spent, onMark };
  }

  return {
    url: system.url,
    databaseUrl: system.stores.postgres.url,
    stores: [system.stores.postgres.description, system.stores.redis.description],
    async measureRaw(seconds) {
      const { spent, onMark } = watch();
      const input = { cost, threads: cores, rampMs: 500, windowMs: seconds * 1_000 };
      const figures = await raw.ask('measure', input, onMark);
      return { ...figures, coresLeft: coresLeft(spent.cpu, figures.elapsedMs) };
    },
    prepareAccounts: (count) =>
      load.ask('prepare', { url: system.url, accounts: count, windowSteps, concurrency: 2 * cores }),
    async measureIdle(seconds) {
      const before = readCpuTimes(system, pids);
      await sleep(seconds * 1_000, undefined, { signal });
      const spent = cpuSpent(before, readCpuTimes(system, pids));
      return spent && mapTimes(spent, (ms) => ms / seconds);
    },
    async measureRound(scenario, { concurrency, rampMs, seconds }) {
      const { spent, onMark } = watch();
      const input = { scenario, concurrency, rampMs, windowMs: seconds * 1_000 };
      const figures = await load.ask('round', input, onMark);
      if (figures.ranDry) throw new Error('the accounts ran out of codes: measure fewer rounds or seconds');
      const { cpu } = spent;
      const perSecond = (figures.completed / figures.elapsedMs) * 1_000;
      return { ...figures, cpu, perSecond, coresLeft: coresLeft(cpu, figures.elapsedMs) };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function coresLeft(cpu: CpuTimes | undefined, elapsedMs: number): number | undefined {
  return cpu && cores - cpu.others / elapsedMs;
}
