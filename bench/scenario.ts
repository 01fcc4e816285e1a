// What a measurement is: one file in scenarios/ that exports one of these, and a row in scenarios.ts.
import type { BenchOptions } from './arguments.ts';
import type { Rig, RigOptions } from './rig.ts';

/** What every scenario finds there. */
export interface Bench {
  /** Gone when the benchmark ends. */
  folder: string;
  signal: AbortSignal;
  /** Stores, parts and a load generator of the scenario's own. */
  openRig(options: RigOptions): Promise<Rig>;
}

export type Tell = (message: string) => void;

/** A line of the bar in the order of the table; `key` is what a figure names it by. */
export interface BarLine {
  key: string;
  what: string;
  unit: string;
  limit: number;
  sense: 'at least' | 'at most';
  /** Whether the figure itself is held against the limit, or its ratio to the reference. */
  of: 'figure' | 'ratio';
}

/** What was measured for a line of the bar. */
export interface Figure {
  key: string;
  figure?: number | undefined;
  /** Measured in the same run. */
  reference?: { name: string; figure: number | undefined };
  /** Why there is no figure, or no reference. */
  missing?: string;
}

export interface Rendered {
  /** Tables and notes of the scenario alone. */
  details: string[];
  figures: Figure[];
  /** Each makes the benchmark end with 1. */
  failures?: string[];
}

export interface Scenario<Figures> {
  name: string;
  /** A line of `--help`. */
  help: string;
  /** Runs only where it is named. */
  onlyByName?: boolean;
  /** Options of its own, each with a text, or without a placeholder 'true' or 'false'; read them from `options.own`. */
  options?: Record<string, { placeholder: string; default: string; help: string }>;
  bar: readonly BarLine[];
  /** @throws NotMeasured where it can't run here */
  run(bench: Bench, options: BenchOptions, tell: Tell): Promise<Figures>;
  render(figures: Figures): Rendered;
}

/** The message is the reason that the table shows. */
export class NotMeasured extends Error {}
