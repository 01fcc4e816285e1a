import { type AuditFigures, measureAudit } from '../audit/measure-audit.ts';
import { median } from '../report/percentile.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import type { BarLine, Scenario } from '../scenario.ts';

const bar: BarLine[] = [
  { key: 'relay', what: 'relay with confirms', unit: '/s', limit: 5_000, sense: 'at least', of: 'figure' },
  { key: 'delivery', what: 'event to consumer at 500/s, p99', unit: 'ms', limit: 250, sense: 'at most', of: 'figure' },
  { key: 'added', what: "added to a login's p99 by audit", unit: 'ms', limit: 3, sense: 'at most', of: 'figure' },
];

export const audit: Scenario<AuditFigures> = {
  name: 'audit',
  help: 'the relay beside bare publishing, delivery at 500 events a second, what audit adds to a login',
  bar,
  run: measureAudit,
  render({ relay, delivery, login }) {
    const of = (pick: (round: (typeof relay)[number]) => number) => median(relay.map(pick));
    const rows = [
      ['relay with confirms, events/s (bare)', of((one) => one.perSecond), of((one) => one.barePerSecond)],
      [`to a consumer at ${formatFigure(delivery.perSecond)}/s, p99 (p50)`, delivery.p99, delivery.p50],
      ["a login's p99 with audit (without)", login.withAudit, login.without],
    ] as const;
    const table = rows.map(([what, figure, beside]) => [what, formatFigure(figure), formatFigure(beside)]);
    const bare = { name: 'bare publishing', figure: of((one) => one.barePerSecond) };
    return {
      details: [renderTable(['audit', 'figure', 'beside it'], table)],
      figures: [
        { key: 'relay', figure: of((one) => one.perSecond), reference: bare },
        { key: 'delivery', figure: delivery.p99 },
        { key: 'added', figure: login.added },
      ],
    };
  },
};
