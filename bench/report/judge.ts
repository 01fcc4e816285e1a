import type { BarLine, Figure } from '../scenario.ts';

/** A line of the bar and how it came out. */
export interface Judged extends BarLine, Figure {
  key: string;
  ratio: number | undefined;
  /** Undefined where there is nothing to hold against the limit. */
  holds: boolean | undefined;
}

export function judge(line: BarLine, measured: Figure): Judged {
  const { figure, reference } = measured;
  const ratio = divide(figure, reference?.figure);
  const judged = line.of === 'ratio' ? ratio : figure;
  const holds =
    judged === undefined || !Number.isFinite(judged)
      ? undefined
      : line.sense === 'at least'
        ? judged >= line.limit
        : judged <= line.limit;
  return { ...line, ...measured, ratio, holds };
}

function divide(figure: number | undefined, reference: number | undefined): number | undefined {
  return figure === undefined || reference === undefined ? undefined : figure / reference;
}
