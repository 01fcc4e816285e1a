/*
 * The same calls on a small installation and on a large one that run side by side, in turn and with the order changed from
 * round to round, so that whatever else the machine does falls on both. One caller, a hash of cost 4: what is measured is
 * what a call waits for, and no hash hides it. Those who call are drawn from all over the tables.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@sallyport/postgres';
import { median } from '../report/percentile.ts';
import type { Rig } from '../rig.ts';
import { windowSteps } from '../system/start-system.ts';
import { countScans, findScanned, type Scans } from './count-scans.ts';

export interface Size {
  name: 'small' | 'large';
  rig: Rig;
  db: Db;
}

export interface Compared {
  call: string;
  small: number;
  large: number;
  /** Of the medians; above 1 where the large one is slower. */
  ratio: number;
}

const kinds = ['login', 'refresh', 'verify', 'events', 'find-user'] as const;
const mostRuns = 150;
const warmUpRounds = 1;
/** PostgreSQL tells of what a backend did within a second of its becoming idle. */
const statisticsMs = 1_500;

/** How many people each installation needs, so that nobody runs out of codes. */
export function planPeople(rounds: number): number {
  return Math.ceil(((rounds + warmUpRounds) * (mostRuns + 10)) / (2 * windowSteps - 2)) + 10;
}

export async function measureGrowth(
  sizes: [Size, Size],
  { rounds, seconds }: { rounds: number; seconds: number },
  tell: (message: string) => void,
): Promise<{ compared: Compared[]; scanned: Scans; failed: number; firstFailure: string | undefined }> {
  const times = new Map<string, number[]>();
  const failures: (string | undefined)[] = [];
  const large = sizes.find(({ name }) => name === 'large')?.db;
  if (large === undefined) throw new Error('there is no large installation');
  const before = await countScans(large);
  for (let round = 1 - warmUpRounds; round <= rounds; round += 1) {
    for (const kind of kinds) {
      for (const { name, rig } of round % 2 === 0 ? sizes : sizes.toReversed()) {
        const figures = await rig.measureRound([{ scenario: kind, concurrency: 1 }], {
          target: 'seeded',
          // Else they might all have run before the window opens.
          rampMs: 0,
          seconds,
          mostRuns,
        });
        if (figures.failed > 0) failures.push(figures.firstFailure);
        if (round < 1) continue;
        for (const [call, { p50 }] of Object.entries(figures.calls)) {
          const key = `${call} ${name}`;
          times.set(key, [...(times.get(key) ?? []), p50]);
        }
      }
    }
    tell(round < 1 ? 'warmed up' : `round ${round} of ${rounds}`);
  }
  await sleep(statisticsMs);
  const scanned = findScanned(before, await countScans(large));
  const calls = [...new Set([...times.keys()].map((key) => key.replace(/ (small|large)$/, '')))];
  const compared = calls.map((call) => {
    const [small, large] = [median(times.get(`${call} small`) ?? []), median(times.get(`${call} large`) ?? [])];
    return { call, small, large, ratio: large / small };
  });
  return { compared, scanned, failed: failures.length, firstFailure: failures[0] };
}
