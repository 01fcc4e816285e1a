/*
 * Simulated beside measured. Each point is measured between two looks at the speed of raw hashes, alone and at once, by
 * which the costs are scaled, and simulated on the cores that others left in that window, over one of the same length, many times with
 * different seeds: the median is what is said. Others on a busy machine take what nobody asks for, so how many cores
 * there are for fewer logins than fill them is what they left just before, when they were asked for.
 */
import { queueLimits } from '../../services/users/hashing/password-hasher.ts';
import { median, percentile } from '../report/percentile.ts';
import { cores, type MeasuredRound, type Rig } from '../rig.ts';
import { type Calibration, costsAt, leastCpuOf, meanOf } from './calibrate.ts';
import { type Simulation, simulateLogins } from './simulate-logins.ts';

export interface Outcome {
  perSecond: number;
  p50: number;
  p99: number;
  refusedShare: number;
}

export interface Point {
  name: string;
  measured: Outcome;
  simulated: SimulatedOutcome;
}

export interface SimulatedOutcome extends Outcome {
  /** Hashes that a core made at once, on average. */
  meanTogether: number;
}

type Load = { clients: number } | { share: number };

/** Not more than capacity: what is too much waits for one of the gateway's connections, which isn't simulated. */
export const loads: readonly Load[] = [
  ...[8, 16, 32].map((clients) => ({ clients })),
  ...[0.5, 0.8, 0.95].map((share) => ({ share })),
];

const rampMs = 3_000;
const rawSeconds = 3;
const saturating = { concurrency: 8 * cores, rampMs: 1_000, seconds: 3 };
const runs = 25;
/**
 * Found by measuring: hashes that are made at once end at once, and those whose hashes they were go on in step, through
 * parts of one thread each, while the cores that this leaves go on hashing. Step two takes as long as if half were left.
 */
const kept = 0.5;

export async function comparePoint(rig: Rig, calibration: Calibration, load: Load, seconds: number): Promise<Point> {
  const before = await rig.measureLanes(rawSeconds);
  const coresFor = (left: number | undefined) => Math.max(0.1, (left ?? cores) - calibration.idleCores);
  const full = 'share' in load ? coresFor((await rig.measureRound('login', saturating)).coresLeft) : 0;
  const perSecond = 'share' in load ? (load.share * full * 1_000) / leastCpuOf(costsAt(calibration, before)) : 0;
  const group = 'clients' in load ? { concurrency: load.clients } : { perSecond, atRandom: true };
  const figures = await rig.measureRound([{ scenario: 'login', ...group }], { rampMs, seconds });
  const after = await rig.measureLanes(rawSeconds);
  const simulated = simulateOften({
    costs: costsAt(calibration, meanOf(before, after)),
    cores: Math.max(full, coresFor(figures.coresLeft)),
    workers: cores,
    kept,
    limits: queueLimits,
    // As many as came: at random that is never quite what was meant.
    arrivals: 'clients' in load ? load : { perSecond: arrivedPerSecond(figures) },
    warmUpMs: rampMs,
    measuredMs: seconds * 1_000,
  });
  const name =
    'clients' in load ? `${load.clients} at once` : `${perSecond.toFixed(1)}/s, ${load.share * 100} % of capacity`;
  return { name, measured: outcomeOf(figures), simulated };
}

function outcomeOf({ perSecond, calls, refused, completed }: MeasuredRound): Outcome {
  const { p50, p99 } = calls['POST /login'] ?? { p50: Number.NaN, p99: Number.NaN };
  return { perSecond, p50, p99, refusedShare: refused / Math.max(1, refused + completed) };
}

function arrivedPerSecond({ completed, refused, elapsedMs }: MeasuredRound): number {
  return ((completed + refused) * 1_000) / elapsedMs;
}

/** Medians over several seeds. */
export function simulateOften(simulation: Omit<Simulation, 'seed'>, times = runs): SimulatedOutcome {
  const outcomes = Array.from({ length: times }, (_, seed): SimulatedOutcome => {
    const { perSecond, stepOneMs, refused, completed, meanTogether } = simulateLogins({ ...simulation, seed });
    const refusedShare = refused / Math.max(1, refused + completed);
    const [p50, p99] = [percentile(stepOneMs, 0.5), percentile(stepOneMs, 0.99)];
    return { perSecond, p50, p99, refusedShare, meanTogether };
  });
  const of = (pick: (outcome: SimulatedOutcome) => number) => median(outcomes.map(pick));
  return {
    perSecond: of((one) => one.perSecond),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
    refusedShare: of((one) => one.refusedShare),
    meanTogether: of((one) => one.meanTogether),
  };
}
