import type { AuditFigures } from '../audit/measure-audit.ts';
import { median } from './percentile.ts';
import type { LoginSummary, RequestSummary } from './summaries.ts';
import { formatFigure, renderTable } from './table.ts';

export interface Report {
  node: string;
  cores: number;
  cpu: string;
  stores: string[];
  cost: number;
  limits: boolean;
  rounds: number;
  seconds: number;
  login?: LoginSummary[];
  /** CPU in milliseconds a second while nobody calls. */
  idle?: Record<string, number>;
  refresh?: RequestSummary[];
  verify?: RequestSummary[];
  /** A reason where it wasn't measured. */
  audit?: AuditFigures | string;
}

const cpuNotes = [
  'CPU is utime + stime of users, otp and gateway (audit on: collector and sequencer run in the gateway), of every',
  'PostgreSQL process (ended backends included) and of Redis; the load generator is not in it, but on the same cores.',
  '"beyond" subtracts one raw hash as measured in the same run; "by threads" leaves out what the hashing threads of',
  'users spent instead. Raw bcrypt runs at the same low priority as the hashes of users. "others" is what everybody else',
  'on the machine used, in cores; "adjusted" is the ratio for each core that they left at the time.',
];

export function renderReport(report: Report): string {
  const blocks = [
    [
      [`${report.cores} cores (${report.cpu})`, `Node.js ${report.node}`, ...report.stores].join(', '),
      `bcrypt cost ${report.cost}, limits per address ${report.limits ? 'counting' : 'off'}; medians of ${report.rounds} rounds of ${report.seconds} s; times in ms`,
    ].join('\n'),
  ];
  if (report.login) blocks.push(renderLogins(report.login), renderCpu(report), cpuNotes.join('\n'));
  for (const name of ['refresh', 'verify'] as const) {
    const summaries = report[name];
    if (summaries) blocks.push(renderRequests(name, summaries));
  }
  if (report.audit) blocks.push(renderAudit(report.audit));
  const failures = [...(report.login ?? []), ...(report.refresh ?? []), ...(report.verify ?? [])].filter(
    (summary) => summary.failed > 0,
  );
  for (const { failed, firstFailure } of failures)
    blocks.push(`${failed} calls failed, the first with ${firstFailure}`);
  return blocks.join('\n\n');
}

function renderLogins(summaries: readonly LoginSummary[]): string {
  const header = [
    'login',
    'logins/s',
    'raw/s',
    'ratio',
    'low..high',
    'adjusted',
    'login p50',
    'p99',
    'otp p50',
    'p99',
    'refused',
    'others',
  ];
  const rows = summaries.map((one) => [
    `${one.concurrency} at once`,
    formatFigure(one.perSecond),
    formatFigure(one.rawPerSecond),
    one.ratio.toFixed(3),
    `${one.ratioLowest.toFixed(2)}..${one.ratioHighest.toFixed(2)}`,
    formatFigure(one.adjustedRatio),
    formatFigure(one.calls['POST /login']?.p50),
    formatFigure(one.calls['POST /login']?.p99),
    formatFigure(one.calls['POST /login/otp']?.p50),
    formatFigure(one.calls['POST /login/otp']?.p99),
    String(one.refused),
    formatFigure(one.othersShare),
  ]);
  return renderTable(header, rows);
}

const spenders = ['gateway', 'users', 'otp', 'postgres', 'redis', 'hashing'];

function renderCpu({ login = [], idle }: Report): string {
  const header = ['CPU in ms', 'beyond', 'by threads', ...spenders, 'raw hash', 'generator'];
  const rows = login.map(({ concurrency, cpuMs, rawCpuMs }) => [
    `a login, ${concurrency} at once`,
    formatFigure(cpuMs?.beyondRawHash),
    formatFigure(cpuMs?.beyondHashing),
    ...spenders.map((name) => formatFigure(cpuMs?.[name])),
    formatFigure(rawCpuMs),
    formatFigure(cpuMs?.loadGenerator),
  ]);
  if (idle) rows.push(['a second without calls', '', '', ...spenders.map((name) => formatFigure(idle[name]))]);
  return renderTable(header, rows);
}

function renderRequests(name: string, summaries: readonly RequestSummary[]): string {
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

function renderAudit(audit: AuditFigures | string): string {
  if (typeof audit === 'string') return `audit: not measured, ${audit}`;
  const { relay, delivery, login } = audit;
  const of = (pick: (round: (typeof relay)[number]) => number) => formatFigure(median(relay.map(pick)));
  return renderTable(
    ['audit', 'figure', 'beside it', 'bar'],
    [
      ['relay with confirms, events/s (bare)', of((one) => one.perSecond), of((one) => one.barePerSecond), '5000'],
      ['the same as a ratio', of((one) => one.ratio), '', ''],
      [
        `to a consumer at ${formatFigure(delivery.perSecond)}/s, p99 (p50)`,
        formatFigure(delivery.p99),
        formatFigure(delivery.p50),
        '250',
      ],
      ["a login's p99 with audit (without)", formatFigure(login.withAudit), formatFigure(login.without), ''],
      ['added by audit', formatFigure(login.added), '', '3'],
    ],
  );
}
