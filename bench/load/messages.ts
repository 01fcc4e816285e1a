import type { Mark } from '../helper-process.ts';
import type { SeedKeys } from '../seed/people.ts';

type SetMark = (mark: Mark) => void;

export interface RawFigures {
  perSecond: number;
  cpuMsPerHash: number;
  elapsedMs: number;
}

/** Times of one kind of call within a window, in milliseconds; those that were answered 503 are a kind of their own. */
export interface CallTimes {
  p50: number;
  p99: number;
  count: number;
}

export interface RoundFigures {
  /** Whole runs of the first group within the window. */
  completed: number;
  elapsedMs: number;
  /** By the call's name. */
  calls: Record<string, CallTimes>;
  /** Answered 503; the client waited as it was told. */
  refused: number;
  /** Answered anything else that isn't a success. */
  failed: number;
  firstFailure: string | undefined;
  /** The accounts ran out of codes before the window's end. */
  ranDry: boolean;
}

export type RawBcryptHandlers = {
  measure(
    input: { cost: number; threads: number; rampMs: number; windowMs: number },
    mark: SetMark,
  ): Promise<RawFigures>;
  /** CPU in milliseconds for one comparison, for two at once on a core, and so on. */
  measureLanes(input: { cost: number; threads: number; windowMs: number }): Promise<number[]>;
};

export interface PrepareOptions {
  /** The target's. */
  url: string;
  windowSteps: number;
  /** Each account calls from an address of its own, as a trusted proxy tells it. */
  fromEverywhere?: boolean | undefined;
  /** Those who are there already, for the target `seeded`. */
  people?: SeededPeople | undefined;
}

export interface SeededPeople {
  keys: SeedKeys;
  accounts: number;
  events: number;
}

/** Clients that do the same. */
export interface Group {
  scenario: string;
  /** As many run it again and again, each at most once in `everyMs` (at once by default). */
  concurrency?: number;
  everyMs?: number;
  /** Instead: so many begin a second, whatever became of those before; who is refused gives up. */
  perSecond?: number;
  /** As far apart as people who don't know of one another, instead of evenly. */
  atRandom?: boolean;
}

export interface RoundInput {
  target: string;
  groups: Group[];
  rampMs: number;
  windowMs: number;
  /** The window ends once so many runs have, if that is earlier. */
  mostRuns?: number | undefined;
}

export type LoadGeneratorHandlers = {
  /** Signs accounts up and enrols their factors over the API. */
  prepare(
    input: PrepareOptions & { target: string; accounts: number; concurrency: number },
    mark: SetMark,
  ): Promise<void>;
  round(input: RoundInput, mark: SetMark): Promise<RoundFigures>;
};
