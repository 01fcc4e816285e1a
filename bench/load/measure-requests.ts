import type { BenchOptions } from '../arguments.ts';
import type { MeasuredRound, Rig } from '../rig.ts';

export interface RequestRound extends MeasuredRound {
  concurrency: number;
}

const rampMs = 500;
const warmUpSeconds = 3;

/** Requests a second on the one gateway; every client has a session of its own. */
export async function measureRequests(
  rig: Rig,
  scenario: 'refresh' | 'verify',
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<RequestRound[]> {
  const { seconds, rounds, concurrency } = options;
  tell('warming up');
  await rig.measureRound(scenario, { concurrency: Math.max(...concurrency), rampMs: 0, seconds: warmUpSeconds });
  const measured: RequestRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const clients of concurrency) {
      const figures = await rig.measureRound(scenario, { concurrency: clients, rampMs, seconds });
      tell(`round ${round} of ${rounds}, ${clients} at once: ${figures.perSecond.toFixed(0)}/s`);
      measured.push({ ...figures, concurrency: clients });
    }
  }
  return measured;
}
