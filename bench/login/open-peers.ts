import { allPeers } from '../peers/all-peers.ts';
import type { Peer } from '../peers/peer.ts';
import { type MeasuredRound, RanDry, type Rig } from '../rig.ts';
import { type Bench, NotMeasured, type Tell } from '../scenario.ts';

export interface PeerRound extends MeasuredRound {
  peer: string;
  concurrency: number;
  /** What it hashes with instead of bcrypt; it isn't held against raw bcrypt then. */
  ownHash: string | undefined;
  rawPerSecond: number;
}

/** The peers that run at this cost, with people who have accounts there. */
export interface OpenPeers extends AsyncDisposable {
  running: Peer[];
  /** Why the others don't run, by name. */
  missing: Record<string, string>;
  measure(peer: string, concurrency: number, seconds: number): Promise<MeasuredRound>;
}

const warmUpSeconds = 3;

export async function openPeers(
  bench: Bench,
  rig: Rig,
  options: { cost: number; isFirst: boolean; chosen: string; install: boolean; mostAtOnce: number },
  tell: Tell,
): Promise<OpenPeers> {
  await using opened = new AsyncDisposableStack();
  const running: Peer[] = [];
  const missing: Record<string, string> = {};
  const people = new Map<string, { url: string; accounts: number }>();

  async function open(peer: Peer): Promise<void> {
    const { signal } = bench;
    tell(`setting up ${peer.title}`);
    const { cost, install, mostAtOnce } = options;
    const { url, pids } = opened.use(await peer.start({ cost, postgresUrl: rig.databaseUrl, install, signal, tell }));
    rig.watchPeer(pids);
    await prepare(peer.name, url, 2 * mostAtOnce);
    await measure(peer.name, mostAtOnce, warmUpSeconds);
    running.push(peer);
  }

  async function prepare(target: string, url: string, more: number): Promise<void> {
    await rig.prepareAccounts(more, { target, url });
    people.set(target, { url, accounts: more + (people.get(target)?.accounts ?? 0) });
  }

  /** Where an account has to wait between two logins they may run out: the round begins anew with twice as many. */
  async function measure(target: string, concurrency: number, seconds: number): Promise<MeasuredRound> {
    try {
      return await rig.measureRound('login', { target, concurrency, rampMs: 1_000, seconds });
    } catch (error) {
      const here = people.get(target);
      if (!(error instanceof RanDry) || here === undefined) throw error;
      tell(`${target}: ${here.accounts} accounts were too few`);
      await prepare(target, here.url, here.accounts);
      return await measure(target, concurrency, seconds);
    }
  }

  for (const peer of choosePeers(options.chosen)) {
    if (peer.ownHash !== undefined && !options.isFirst) {
      missing[peer.name] = `it hashes with ${peer.ownHash} whatever the cost, so it runs at the first alone`;
      continue;
    }
    try {
      await open(peer);
    } catch (error) {
      if (!(error instanceof NotMeasured)) throw error;
      tell(`${peer.name}: skipped, ${error.message}`);
      missing[peer.name] = error.message;
    }
  }
  const all = opened.move();
  return { running, missing, measure, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function choosePeers(chosen: string): Peer[] {
  if (chosen === 'all') return [...allPeers];
  if (chosen === 'none') return [];
  const names = chosen.split(',');
  const unknown = names.find((name) => !allPeers.some((peer) => peer.name === name));
  const known = allPeers.map(({ name }) => name).join(', ');
  if (unknown !== undefined) throw new Error(`there is no peer ${unknown}; there are ${known}`);
  return allPeers.filter(({ name }) => names.includes(name));
}
