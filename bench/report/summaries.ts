import type { RequestRound } from '../load/measure-requests.ts';
import type { LoginRound } from '../login/measure-logins.ts';
import type { PeerRound } from '../login/open-peers.ts';
import { beyondHashing, type CpuTimes } from '../system/cpu-meter.ts';
import { median } from './percentile.ts';

interface Rates {
  concurrency: number;
  perSecond: number;
  /** Median and 99th percentile of each call, in milliseconds. */
  calls: Record<string, { p50: number; p99: number }>;
  refused: number;
  failed: number;
  firstFailure: string | undefined;
  /** CPU that others used, as a share of one core. */
  othersShare: number | undefined;
}

export interface RequestSummary extends Rates {
  /** CPU of one request in milliseconds: the gateway's, and that of all parts and stores. */
  gatewayCpuMs: number | undefined;
  cpuMs: number | undefined;
}

export interface LoginSummary extends Rates {
  rawPerSecond: number;
  ratio: number;
  /** For each core that others left; NaN where the system doesn't tell. */
  adjustedRatio: number;
  ratioLowest: number;
  ratioHighest: number;
  rawCpuMs: number;
  /** Milliseconds of CPU of one login, by who spent them. */
  cpuMs: Record<string, number> | undefined;
}

export interface PeerSummary extends Rates {
  peer: string;
  /** What it hashes with instead of bcrypt. */
  ownHash: string | undefined;
  rawPerSecond: number;
  /** Of one login, with its hash and with what PostgreSQL spent. */
  cpuMs: number | undefined;
}

type Round = LoginRound | RequestRound | PeerRound;

/** One summary for each peer and number of clients. */
export function summarisePeers(rounds: readonly PeerRound[]): PeerSummary[] {
  return [...Map.groupBy(rounds, (round) => round.peer)].flatMap(([peer, own]) =>
    byConcurrency(own).map((group) => ({
      ...summariseRates(group),
      peer,
      ownHash: group[0]?.ownHash,
      rawPerSecond: medianOf(group, (round) => round.rawPerSecond),
      cpuMs: cpuPerRequest(group, (cpu) => cpu.peers + cpu.postgres),
    })),
  );
}

/** One summary for each number of clients; rates, times and CPU are medians over the rounds. */
export function summariseLogins(rounds: readonly LoginRound[]): LoginSummary[] {
  return byConcurrency(rounds).map((group) => ({
    ...summariseRates(group),
    rawPerSecond: medianOf(group, (round) => round.rawPerSecond),
    ratio: medianOf(group, (round) => round.ratio),
    adjustedRatio: medianOf(group, (round) => round.adjustedRatio),
    ratioLowest: Math.min(...group.map((round) => round.ratio)),
    ratioHighest: Math.max(...group.map((round) => round.ratio)),
    rawCpuMs: medianOf(group, (round) => round.rawCpuMs),
    cpuMs: mediansByName(group.flatMap((round) => (round.perLogin ? [{ ...round.perLogin }] : []))),
  }));
}

export function summariseRequests(rounds: readonly RequestRound[]): RequestSummary[] {
  return byConcurrency(rounds).map((group) => ({
    ...summariseRates(group),
    gatewayCpuMs: cpuPerRequest(group, (cpu) => cpu.gateway),
    cpuMs: cpuPerRequest(group, beyondHashing),
  }));
}

function summariseRates(group: readonly Round[]): Rates {
  const names = [...new Set(group.flatMap((round) => Object.keys(round.calls)))];
  const times = (name: string, at: 'p50' | 'p99') => medianOf(group, (round) => round.calls[name]?.[at] ?? Number.NaN);
  return {
    concurrency: group[0]?.concurrency ?? 0,
    perSecond: medianOf(group, (round) => round.perSecond),
    calls: Object.fromEntries(names.map((name) => [name, { p50: times(name, 'p50'), p99: times(name, 'p99') }])),
    refused: group.reduce((sum, round) => sum + round.refused, 0),
    failed: group.reduce((sum, round) => sum + round.failed, 0),
    firstFailure: group.find((round) => round.firstFailure)?.firstFailure,
    othersShare: share(group, (cpu) => cpu.others),
  };
}

type Pick = (cpu: CpuTimes) => number;

function share(group: readonly Round[], pick: Pick): number | undefined {
  return medianOfCpu(group, (cpu, round) => pick(cpu) / round.elapsedMs);
}

function cpuPerRequest(group: readonly Round[], pick: Pick): number | undefined {
  return medianOfCpu(group, (cpu, round) => pick(cpu) / round.completed);
}

function medianOfCpu(group: readonly Round[], figure: (cpu: CpuTimes, round: Round) => number): number | undefined {
  const figures = group.flatMap((round) => (round.cpu ? [figure(round.cpu, round)] : []));
  return figures.length === 0 ? undefined : median(figures);
}

function byConcurrency<One extends Round>(rounds: readonly One[]): One[][] {
  return [...Map.groupBy(rounds, (round) => round.concurrency).values()];
}

function medianOf<One>(group: readonly One[], pick: (one: One) => number): number {
  return median(group.map(pick));
}

function mediansByName(records: readonly Record<string, number>[]): Record<string, number> | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, medianOf(records, (one) => one[name] ?? Number.NaN)]),
  );
}
