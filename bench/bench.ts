// What the measurements share: the system that is measured, the two helpers, and how to wait and tell.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScenarioName } from './arguments.ts';
import { startHelper } from './helper-process.ts';
import type { LoadGeneratorHandlers, RawBcryptHandlers, RawFigures, RoundFigures } from './load/messages.ts';
import { type CpuTimes, cpuSpent, mapTimes, readCpuTimes } from './system/cpu-meter.ts';
import { startSystem, windowSteps } from './system/start-system.ts';

export interface MeasuredRound extends RoundFigures {
  perSecond: number;
  cpu: CpuTimes | undefined;
}

export interface Bench extends AsyncDisposable {
  stores: string[];
  measureRaw(seconds: number): Promise<RawFigures>;
  prepareAccounts(count: number): Promise<void>;
  /** CPU in milliseconds a second while nobody calls; undefined where the system doesn't tell. */
  measureIdle(seconds: number): Promise<CpuTimes | undefined>;
  measureRound(
    scenario: ScenarioName,
    round: { concurrency: number; rampMs: number; seconds: number },
  ): Promise<MeasuredRound>;
}

export const cores = availableParallelism();

export async function openBench(options: {
  folder: string;
  cost: number;
  profileFolder: string | undefined;
  signal: AbortSignal;
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
  const all = opened.move();
  return {
    stores: [system.stores.postgres.description, system.stores.redis.description],
    measureRaw: (seconds) => raw.ask('measure', { cost, threads: cores, rampMs: 500, windowMs: seconds * 1_000 }),
    prepareAccounts: (count) =>
      load.ask('prepare', { url: system.url, accounts: count, windowSteps, concurrency: 2 * cores }),
    async measureIdle(seconds) {
      const before = readCpuTimes(system, load.pid);
      await sleep(seconds * 1_000, undefined, { signal });
      const spent = cpuSpent(before, readCpuTimes(system, load.pid));
      return spent && mapTimes(spent, (ms) => ms / seconds);
    },
    async measureRound(scenario, { concurrency, rampMs, seconds }) {
      let before: CpuTimes | undefined;
      let cpu: CpuTimes | undefined;
      const figures = await load.ask('round', { scenario, concurrency, rampMs, windowMs: seconds * 1_000 }, (mark) => {
        const now = readCpuTimes(system, load.pid);
        if (mark === 'window-opened') before = now;
        else cpu = cpuSpent(before, now);
      });
      if (figures.ranDry) throw new Error('the accounts ran out of codes: measure fewer rounds or seconds');
      return { ...figures, cpu, perSecond: (figures.completed / figures.elapsedMs) * 1_000 };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
