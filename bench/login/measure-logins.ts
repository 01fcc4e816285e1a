/*
 * Logins beside raw bcrypt. The machine's speed changes from minute to minute, so raw and logins alternate, and each
 * round of logins is held against the two raw measurements before and after it, never against another run's. So are
 * those of the peers, which follow.
 */
import type { BenchOptions } from '../arguments.ts';
import { formatFigure } from '../report/table.ts';
import type { MeasuredRaw, MeasuredRound, Rig } from '../rig.ts';
import { beyondHashing, type CpuTimes, mapTimes } from '../system/cpu-meter.ts';
import { windowSteps } from '../system/start-system.ts';
import type { OpenPeers, PeerRound } from './open-peers.ts';

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
  /** All parts and stores, less what the hashing threads of users spent. */
  beyondHashing: number;
}

const warmUpSeconds = 4;
const rawWarmUpSeconds = 2;
const idleSeconds = 4;
/** For the warm-up, of which the accounts of the rounds are planned; a machine may be faster later. */
const mostPerSecond = 600;
const headroom = 1.6;
/** Those of the window but the lowest, and but the one that enabled the factor. */
const codesOfAnAccount = 2 * windowSteps - 1;

/** How many accounts it takes so that no round runs dry. */
function planAccounts(options: { perSecond: number; seconds: number; concurrency: number }): number {
  const logins = options.perSecond * options.seconds;
  return Math.ceil(logins / codesOfAnAccount) + 2 * options.concurrency;
}

export async function measureLogins(
  rig: Rig,
  peers: OpenPeers,
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<{ rounds: LoginRound[]; ofPeers: PeerRound[]; idle: CpuTimes | undefined }> {
  const { seconds, rounds, concurrency } = options;
  const { perSecond: rawPerSecond } = await rig.measureRaw(rawWarmUpSeconds);
  const rampMs = (clients: number) => 500 + (1_300 * clients) / rawPerSecond;
  const most = Math.max(...concurrency);
  const prepare = async (perSecond: number, during: number) => {
    const accounts = planAccounts({ perSecond, seconds: during, concurrency: most });
    tell(`signing up and enrolling ${accounts} accounts over the API`);
    await rig.prepareAccounts(accounts);
  };
  tell(`raw bcrypt about ${rawPerSecond.toFixed(0)}/s`);
  await prepare(Math.min(rawPerSecond, mostPerSecond), warmUpSeconds);
  tell('warming up');
  const warm = await rig.measureRound('login', { concurrency: most, rampMs: 0, seconds: warmUpSeconds });
  const windows = concurrency.map((clients) => seconds + rampMs(clients) / 1_000);
  const during = rounds * windows.reduce((sum, window) => sum + window, 0);
  await prepare(headroom * warm.perSecond, during);
  const idle = await rig.measureIdle(idleSeconds);

  const measured: LoginRound[] = [];
  const ofPeers: PeerRound[] = [];
  let before = await rig.measureRaw(seconds);
  for (let round = 1; round <= rounds; round += 1) {
    for (const clients of concurrency) {
      const logins = await rig.measureRound('login', { concurrency: clients, rampMs: rampMs(clients), seconds });
      const after = await rig.measureRaw(seconds);
      const login = holdAgainst(logins, clients, before, after);
      tell(`round ${round} of ${rounds}, ${clients} at once: ${describe(login)}`);
      measured.push(login);
      before = after;
      for (const { name: peer, ownHash } of peers.running) {
        const figures = await peers.measure(peer, clients, seconds);
        tell(`round ${round} of ${rounds}, ${clients} at once: ${peer} ${figures.perSecond.toFixed(1)} logins/s`);
        before = await rig.measureRaw(seconds);
        const rawPerSecond = (after.perSecond + before.perSecond) / 2;
        ofPeers.push({ ...figures, peer, ownHash, concurrency: clients, rawPerSecond });
      }
    }
  }
  return { rounds: measured, ofPeers, idle };
}

function holdAgainst(logins: MeasuredRound, concurrency: number, before: MeasuredRaw, after: MeasuredRaw): LoginRound {
  const rawPerSecond = (before.perSecond + after.perSecond) / 2;
  const rawCpuMs = (before.cpuMsPerHash + after.cpuMsPerHash) / 2;
  const perLogin = logins.cpu && cpuOfOne(logins.cpu, logins.completed);
  const ratio = logins.perSecond / rawPerSecond;
  const adjustedRatio = perCore(logins) / ((perCore(before) + perCore(after)) / 2);
  return { ...logins, concurrency, rawPerSecond, rawCpuMs, ratio, adjustedRatio, perLogin };
}

function cpuOfOne(cpu: CpuTimes, logins: number): LoginCpu {
  const one = mapTimes(cpu, (ms) => ms / logins);
  return { ...one, beyondHashing: beyondHashing(one) };
}

function perCore({ perSecond, coresLeft }: { perSecond: number; coresLeft: number | undefined }): number {
  return coresLeft === undefined ? Number.NaN : perSecond / coresLeft;
}

function describe(login: LoginRound): string {
  const rates = `${login.perSecond.toFixed(1)} logins/s, raw ${login.rawPerSecond.toFixed(1)}/s`;
  const ratios = `ratio ${login.ratio.toFixed(3)}, adjusted ${formatFigure(login.adjustedRatio)}`;
  return `${rates}, ${ratios}; others left ${formatFigure(login.coresLeft)} cores`;
}
