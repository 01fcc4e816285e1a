import { hasCpuTimes, lowPriorityCpuMs, machineBusyMs, processCpuMs, treeCpuMs } from './process-cpu.ts';
import type { System } from './start-system.ts';

/** Milliseconds of CPU, spent in some window. */
export interface CpuTimes {
  /** The threads of users that hash. */
  hashing: number;
  /** Users without them. */
  users: number;
  otp: number;
  gateway: number;
  postgres: number;
  redis: number;
  loadGenerator: number;
  rawBcrypt: number;
  /** Those that are watched beside us, without the PostgreSQL that they share with us. */
  peers: number;
  /** Everything else on the machine, our own benchmark process included. */
  others: number;
}

/** Reads the CPU times of everything that is measured; undefined where the system doesn't tell. */
export function readCpuTimes(
  system: System,
  helpers: { loadGenerator: number; rawBcrypt: number },
  peers: readonly (() => number[])[] = [],
): CpuTimes | undefined {
  if (!hasCpuTimes) return undefined;
  const { parts, stores } = system;
  const hashing = lowPriorityCpuMs(parts.users.pid);
  const times = {
    hashing,
    users: processCpuMs(parts.users.pid) - hashing,
    otp: processCpuMs(parts.otp.pid),
    gateway: processCpuMs(parts.gateway.pid),
    postgres: stores.postgres.pid === undefined ? 0 : treeCpuMs(stores.postgres.pid),
    redis: stores.redis.pid === undefined ? 0 : treeCpuMs(stores.redis.pid),
    loadGenerator: processCpuMs(helpers.loadGenerator),
    rawBcrypt: processCpuMs(helpers.rawBcrypt),
    peers: peers.flatMap((pids) => pids()).reduce((sum, pid) => sum + processCpuMs(pid), 0),
  };
  const ours = Object.values(times).reduce((sum, ms) => sum + ms, 0);
  return { ...times, others: machineBusyMs() - ours };
}

export function cpuSpent(before: CpuTimes | undefined, after: CpuTimes | undefined): CpuTimes | undefined {
  if (before === undefined || after === undefined) return undefined;
  return mapTimes(after, (ms, name) => ms - before[name]);
}

export function mapTimes(times: CpuTimes, map: (ms: number, name: keyof CpuTimes) => number): CpuTimes {
  const names = Object.keys(times) as (keyof CpuTimes)[];
  return Object.fromEntries(names.map((name) => [name, map(times[name], name)])) as unknown as CpuTimes;
}

/** All parts and stores without the hashing. */
export function beyondHashing({ users, otp, gateway, postgres, redis }: CpuTimes): number {
  return users + otp + gateway + postgres + redis;
}
