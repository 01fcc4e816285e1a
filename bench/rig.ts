// What a scenario measures on: the system, and beside it the two helpers, the load generator and the raw hashes.
import { chmodSync, mkdtempSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartName } from '../supervisor/part-environment.ts';
import type { Addresses } from '../test/support/round-trips/open-ways.ts';
import { type Mark, startHelper } from './helper-process.ts';
import type {
  Group,
  LoadGeneratorHandlers,
  RawBcryptHandlers,
  RawFigures,
  RoundFigures,
  SeededPeople,
} from './load/messages.ts';
import { type CpuTimes, cpuSpent, mapTimes, readCpuTimes } from './system/cpu-meter.ts';
import type { LoopDelay } from './system/start-part.ts';
import { type Fill, startSystem, windowSteps } from './system/start-system.ts';

export interface MeasuredRound extends RoundFigures {
  perSecond: number;
  cpu: CpuTimes | undefined;
  /** Cores that others on the machine left. */
  coresLeft: number | undefined;
}

export interface MeasuredRaw extends RawFigures {
  coresLeft: number | undefined;
}

export interface Rig extends AsyncDisposable {
  /** The gateway's. */
  url: string;
  databaseUrl: string;
  stores: string[];
  /** Another gateway on the same stores, which the caller closes. */
  startGateway(env: Record<string, string>): Promise<{ url: string; close(): Promise<void> }>;
  /** Counts the CPU of these processes as that of peers. */
  watchPeer(pids: () => number[]): void;
  /** How late each part's event loop was since the last time. */
  readLoops(): Promise<Record<PartName, LoopDelay>>;
  measureRaw(seconds: number): Promise<MeasuredRaw>;
  /** CPU in milliseconds for one comparison, for two at once on a core, and so on. */
  measureLanes(seconds: number): Promise<number[]>;
  prepareAccounts(count: number, options?: PrepareTarget): Promise<void>;
  /** CPU in milliseconds a second while nobody calls; undefined where the system doesn't tell. */
  measureIdle(seconds: number): Promise<CpuTimes | undefined>;
  /** One scenario by so many clients, or what several groups of them do. */
  measureRound(what: LoadName | Group[], round: RoundOptions): Promise<MeasuredRound>;
}

/** Another target than Sallyport is a peer. */
interface PrepareTarget {
  target?: string;
  url?: string;
  fromEverywhere?: boolean;
  people?: SeededPeople;
}

interface RoundOptions {
  target?: string;
  concurrency?: number;
  rampMs: number;
  seconds: number;
  mostRuns?: number;
}

export class RanDry extends Error {
  constructor() {
    super('the accounts ran out of codes: measure fewer rounds or seconds');
  }
}

type LoadName = 'login' | 'refresh' | 'verify';

export const cores = availableParallelism();

export interface RigOptions {
  cost: number;
  /** Variables beside those that every run has. */
  env?: Record<string, string>;
  /** Fills the database before a part starts. */
  fill?: Fill;
  /** Called before a part starts; returns the addresses by which the parts go. */
  reroute?: (direct: Addresses) => Promise<Addresses>;
  /** So that `readLoops` can tell; it wakes every part a hundred times a second. */
  watchLoops?: boolean;
  /** Told where a round's window opens and closes. */
  onMark?: (mark: Mark) => void;
}

export async function openRig(
  run: { folder: string; limits: boolean; profileFolder: string | undefined; signal: AbortSignal },
  options: RigOptions,
): Promise<Rig> {
  const { cost } = options;
  const { signal } = run;
  const folder = mkdtempSync(join(run.folder, 'rig-'));
  // PostgreSQL may run as somebody else.
  chmodSync(folder, 0o711);
  await using opened = new AsyncDisposableStack();
  const system = opened.use(await startSystem({ ...run, ...options, folder }));
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
  const peers: (() => number[])[] = [];
  const all = opened.move();

  /** Reads CPU times where a helper's window opens and closes. */
  function watch() {
    const spent: { before?: CpuTimes | undefined; cpu?: CpuTimes | undefined } = {};
    const onMark = (mark: Mark) => {
      options.onMark?.(mark);
      const now = readCpuTimes(system, pids, peers);
      if (mark === 'window-opened') spent.before = now;
      else spent.cpu = cpuSpent(spent.before, now);
    };
    return { spent, onMark };
  }

  return {
    url: system.url,
    databaseUrl: system.stores.postgres.url,
    stores: [system.stores.postgres.description, system.stores.redis.description],
    startGateway: system.startGateway,
    watchPeer: (pids) => void peers.push(pids),
    async readLoops() {
      const { users, otp, gateway } = system.parts;
      return { users: await users.readLoop(), otp: await otp.readLoop(), gateway: await gateway.readLoop() };
    },
    async measureRaw(seconds) {
      const { spent, onMark } = watch();
      const input = { cost, threads: cores, rampMs: 500, windowMs: seconds * 1_000 };
      const figures = await raw.ask('measure', input, onMark);
      return { ...figures, coresLeft: coresLeft(spent.cpu, figures.elapsedMs) };
    },
    measureLanes: (seconds) => raw.ask('measureLanes', { cost, threads: cores, windowMs: seconds * 1_000 }),
    prepareAccounts: (accounts, { target = 'sallyport', url = system.url, fromEverywhere, people } = {}) =>
      load.ask('prepare', { target, url, accounts, windowSteps, fromEverywhere, people, concurrency: 2 * cores }),
    async measureIdle(seconds) {
      const before = readCpuTimes(system, pids, peers);
      await sleep(seconds * 1_000, undefined, { signal });
      const spent = cpuSpent(before, readCpuTimes(system, pids, peers));
      return spent && mapTimes(spent, (ms) => ms / seconds);
    },
    async measureRound(what, { target = 'sallyport', concurrency = 1, rampMs, seconds, mostRuns }) {
      const { spent, onMark } = watch();
      const groups = typeof what === 'string' ? [{ scenario: what, concurrency }] : what;
      const figures = await load.ask('round', { target, groups, rampMs, windowMs: seconds * 1_000, mostRuns }, onMark);
      if (figures.ranDry) throw new RanDry();
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
