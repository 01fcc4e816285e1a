/*
 * One round: clients that each run a scenario again as soon as it is done, every one with an account of its own at the
 * time. After a ramp the window opens; what completes in it counts, whenever it began, so that the rate has no edges.
 * A 503 is no failure of the benchmark: the client waits as long as it is told and tries again. Beside such groups of
 * clients there are arrivals at a pace, which nothing slows down.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mark } from '../helper-process.ts';
import { percentile } from '../report/percentile.ts';
import type { HttpApi } from './http-api.ts';
import type { CallTimes, Group, RoundFigures, RoundInput } from './messages.ts';
import type { LoadScenario, Timed } from './target.ts';

export interface RoundOptions<Account> extends Omit<RoundInput, 'target'> {
  api: HttpApi;
  scenarios: Record<string, LoadScenario<Account>>;
  /** Used in turn, from the front to the back. */
  accounts: Account[];
  mark: (mark: Mark) => void;
}

export async function runRound<Account>(options: RoundOptions<Account>): Promise<RoundFigures> {
  const { api, accounts, rampMs, windowMs, mostRuns = Number.POSITIVE_INFINITY, mark } = options;
  const times = new Map<string, number[]>();
  const figures = { completed: 0, refused: 0, failed: 0, firstFailure: undefined as string | undefined, ranDry: false };
  const stopping = new AbortController();
  const { signal } = stopping;
  let open = false;
  let begun = 0;

  const timed: Timed = async (name, call) => {
    const started = performance.now();
    const answer = await call;
    const list = answer.status === 200 ? name : answer.status === 503 ? `${name} refused` : undefined;
    if (open && list !== undefined) getList(times, list).push(performance.now() - started);
    return answer;
  };

  /** Returns how long the client was told to wait. */
  async function runOnce(group: Group, scenario: LoadScenario<Account>, account: Account): Promise<number> {
    const answer = await scenario.run(api, account, timed);
    accounts.push(account);
    if (answer.status === 200) figures.completed += open && group === options.groups[0] ? 1 : 0;
    else if (answer.status === 503) figures.refused += open ? 1 : 0;
    else {
      figures.failed += 1;
      figures.firstFailure ??= `${answer.status} ${JSON.stringify(answer.body)}`;
    }
    return answer.status === 503 ? answer.retryAfterSeconds * 1_000 : 0;
  }

  function takeReady(scenario: LoadScenario<Account>): Account | undefined {
    const at = accounts.findIndex((account) => scenario.isReady(account));
    if (at !== -1) return accounts.splice(at, 1)[0];
    figures.ranDry = true;
    stopping.abort();
    return undefined;
  }

  async function runClient(group: Group, scenario: LoadScenario<Account>): Promise<void> {
    while (!signal.aborted && begun < mostRuns) {
      begun += 1;
      const account = takeReady(scenario);
      if (account === undefined) return;
      const next = performance.now() + (group.everyMs ?? 0);
      const waitMs = await runOnce(group, scenario, account);
      await pause(Math.max(waitMs, next - performance.now()), signal);
    }
  }

  async function runArrivals(group: Group, scenario: LoadScenario<Account>, perSecond: number): Promise<void> {
    const running = new Set<Promise<unknown>>();
    let next = performance.now();
    while (!signal.aborted) {
      const account = takeReady(scenario);
      if (account === undefined) break;
      const run = runOnce(group, scenario, account);
      running.add(run);
      void run.then(() => running.delete(run));
      next += (group.atRandom ? -Math.log(1 - Math.random()) : 1) * (1_000 / perSecond);
      await pause(next - performance.now(), signal);
    }
    await Promise.all(running);
  }

  function start(): Promise<void>[] {
    return options.groups.flatMap((group) => {
      const scenario = options.scenarios[group.scenario];
      if (scenario === undefined) throw new Error(`nobody knows how to ${group.scenario}`);
      if (group.perSecond !== undefined) return [runArrivals(group, scenario, group.perSecond)];
      return Array.from({ length: group.concurrency ?? 1 }, () => runClient(group, scenario));
    });
  }

  const early = rampMs > 0 ? start() : [];
  await pause(rampMs, signal);
  open = true;
  mark('window-opened');
  const opened = performance.now();
  const clients = rampMs > 0 ? early : start();
  await Promise.race([pause(windowMs, signal), Promise.all(clients)]);
  open = false;
  const elapsedMs = performance.now() - opened;
  mark('window-closed');
  stopping.abort();
  await Promise.all(clients);
  const calls = Object.fromEntries([...times].map(([name, list]) => [name, summarise(list)]));
  return { ...figures, elapsedMs, calls };
}

function summarise(list: readonly number[]): CallTimes {
  return { p50: percentile(list, 0.5), p99: percentile(list, 0.99), count: list.length };
}

function getList(times: Map<string, number[]>, name: string): number[] {
  const list = times.get(name) ?? [];
  times.set(name, list);
  return list;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
}
