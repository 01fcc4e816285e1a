import type { Mark } from '../helper-process.ts';

type SetMark = (mark: Mark) => void;

export interface RawFigures {
  perSecond: number;
  cpuMsPerHash: number;
  elapsedMs: number;
}

/** Times of one kind of call within a window, in milliseconds. */
export interface CallTimes {
  p50: number;
  p99: number;
}

export interface RoundFigures {
  /** Whole runs of the scenario within the window. */
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
};

export type LoadName = 'login' | 'refresh' | 'verify';

export type LoadGeneratorHandlers = {
  /** Signs accounts up and enrols their factors over the API. */
  prepare(
    input: { url: string; accounts: number; windowSteps: number; concurrency: number },
    mark: SetMark,
  ): Promise<void>;
  round(
    input: { scenario: LoadName; concurrency: number; rampMs: number; windowMs: number },
    mark: SetMark,
  ): Promise<RoundFigures>;
};
