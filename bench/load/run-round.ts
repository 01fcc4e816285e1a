/*
 * One round: clients that each run a scenario again as soon as it is done, every one with an account of its own at the
 * time. After a ramp the window opens; what completes in it counts, whenever it began, so that the rate has no edges.
 * A 503 is no failure of the benchmark: the client waits as long as it is told and tries again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mark } from '../helper-process.ts';
import { percentile } from '../report/percentile.ts';
import type { LoadAccount } from './account.ts';
import type { GatewayApi } from './gateway-api.ts';
import type { CallTimes, RoundFigures } from './messages.ts';
import type { Scenario, Timed } from './scenarios.ts';

export interface RoundOptions {
  api: GatewayApi;
  scenario: Scenario;
  /** Used in turn, from the front to the back. */
  accounts: LoadAccount[];
  concurrency: number;
  rampMs: number;
  windowMs: number;
  mark: (mark: Mark) => void;
}

export async function runRound(options: RoundOptions): Promise<RoundFigures> {
  const { api, scenario, accounts, rampMs, windowMs, mark } = options;
  const times = new Map<string, number[]>();
  const figures = { completed: 0, refused: 0, failed: 0, firstFailure: undefined as string | undefined, ranDry: false };
  const stopping = new AbortController();
  let open = false;

  const timed: Timed = async (name, call) => {
    const started = performance.now();
    const answer = await call;
    if (open && answer.status === 200) getList(times, name).push(performance.now() - started);
    return answer;
  };

  async function runOnce(account: LoadAccount): Promise<void> {
    const answer = await scenario.run(api, account, timed);
    if (answer.status === 200) figures.completed += open ? 1 : 0;
    else if (answer.status === 503) {
      figures.refused += open ? 1 : 0;
      await sleep(answer.retryAfterSeconds * 1_000, undefined, { signal: stopping.signal }).catch(() => {});
    } else {
      figures.failed += 1;
      figures.firstFailure ??= `${answer.status} ${JSON.stringify(answer.body)}`;
    }
  }

  async function runClient(): Promise<void> {
    while (!stopping.signal.aborted) {
      const account = takeReady(accounts, scenario);
      if (account === undefined) {
        figures.ranDry = true;
        return stopping.abort();
      }
      await runOnce(account);
      accounts.push(account);
    }
  }

  const clients = Array.from({ length: options.concurrency }, runClient);
  await pause(rampMs, stopping.signal);
  open = true;
  mark('window-opened');
  const opened = performance.now();
  await pause(windowMs, stopping.signal);
  open = false;
  const elapsedMs = performance.now() - opened;
  mark('window-closed');
  stopping.abort();
  await Promise.all(clients);
  const calls = Object.fromEntries([...times].map(([name, list]) => [name, summarise(list)]));
  return { ...figures, elapsedMs, calls };
}

function takeReady(accounts: LoadAccount[], scenario: Scenario): LoadAccount | undefined {
  const at = accounts.findIndex((account) => scenario.isReady(account));
  return at === -1 ? undefined : accounts.splice(at, 1)[0];
}

function summarise(list: readonly number[]): CallTimes {
  return { p50: percentile(list, 0.5), p99: percentile(list, 0.99) };
}

function getList(times: Map<string, number[]>, name: string): number[] {
  const list = times.get(name) ?? [];
  times.set(name, list);
  return list;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
