import type { RequestSummary } from './summaries.ts';
import { formatFigure, renderTable } from './table.ts';

export function renderRequests(name: string, summaries: readonly RequestSummary[]): string {
  const rows = summaries.map((one) => {
    const [times] = Object.values(one.calls);
    return [
      `${one.concurrency} at once`,
      formatFigure(one.perSecond),
      formatFigure(times?.p50),
      formatFigure(times?.p99),
      formatFigure(one.gatewayCpuMs),
      formatFigure(one.cpuMs),
      String(one.refused),
      formatFigure(one.othersShare),
    ];
  });
  return renderTable([name, 'requests/s', 'p50', 'p99', 'gateway CPU', 'all CPU', 'refused', 'others'], rows);
}
