import type { Judged } from './judge.ts';
import { formatFigure, renderTable } from './table.ts';

/** Every line of the bar, measured or not. */
export function renderBar(lines: readonly Judged[]): string {
  const header = ['the bar', 'figure', 'reference', 'ratio', 'bar', 'holds?'];
  const rows = lines.map((line) => [
    line.what,
    withUnit(line.figure, line.unit),
    line.reference ? `${formatFigure(line.reference.figure)} (${line.reference.name})` : '',
    line.ratio === undefined ? '' : formatFigure(line.ratio),
    `${line.sense === 'at least' ? '>=' : '<='} ${line.limit}${line.of === 'ratio' ? ' of it' : withSpace(line.unit)}`,
    describeVerdict(line),
  ]);
  return renderTable(header, rows);
}

function describeVerdict({ holds, missing }: Judged): string {
  if (holds !== undefined) return holds ? 'yes' : 'no';
  return `not measured${missing === undefined ? '' : ` (${missing})`}`;
}

function withUnit(figure: number | undefined, unit: string): string {
  return figure === undefined ? '' : `${formatFigure(figure)}${withSpace(unit)}`;
}

function withSpace(unit: string): string {
  return unit === '' || unit.startsWith('/') ? unit : ` ${unit}`;
}
