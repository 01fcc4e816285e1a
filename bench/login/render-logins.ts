import type { LoginSummary, PeerSummary } from '../report/summaries.ts';
import { formatFigure, renderTable } from '../report/table.ts';

export interface CostFigures {
  cost: number;
  stores: string[];
  logins: LoginSummary[];
  peers: PeerSummary[];
  /** Why others weren't measured, by name. */
  missingPeers: Record<string, string>;
  /** CPU in milliseconds a second while nobody calls. */
  idle: Record<string, number> | undefined;
}

export const cpuNotes = [
  'CPU is utime + stime of users, otp and gateway (audit on: collector and sequencer run in the gateway), of every',
  'PostgreSQL process (ended backends included) and of Redis; the load generator is not in it, but on the same cores.',
  '"beyond" is all of that but the hashing threads of users; these compare several passwords at once, so that "hashing" is',
  'less than "raw hash". Raw bcrypt, the library, runs at the same low priority. "others" is what everybody else on the',
  'machine used, in cores; "adjusted" is the ratio for each core that they left at the time.',
].join('\n');

const header = ['logins/s', 'raw/s', 'ratio', 'low..high', 'adjusted', 'login p50', 'p99', 'otp p50', 'p99'];

export function renderRates({ cost, logins }: CostFigures): string {
  const rows = logins.map((one) => [
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
  return renderTable([`login at cost ${cost}`, ...header, 'refused', 'others'], rows);
}

const spenders = ['gateway', 'users', 'otp', 'postgres', 'redis', 'hashing'];

export function renderCpu({ cost, logins, idle }: CostFigures): string {
  const titles = [`CPU in ms at cost ${cost}`, 'beyond', ...spenders, 'raw hash', 'generator'];
  const rows = logins.map(({ concurrency, cpuMs, rawCpuMs }) => [
    `a login, ${concurrency} at once`,
    formatFigure(cpuMs?.beyondHashing),
    ...spenders.map((name) => formatFigure(cpuMs?.[name])),
    formatFigure(rawCpuMs),
    formatFigure(cpuMs?.loadGenerator),
  ]);
  if (idle) rows.push(['a second without calls', '', ...spenders.map((name) => formatFigure(idle[name]))]);
  return renderTable(titles, rows);
}

/**
 * Each beside Sallyport with as many clients in the same run; where its hash is another, so is its work, and there is
 * no ratio.
 */
export function renderPeers({ cost, logins, peers, missingPeers }: CostFigures): string[] {
  const rows = peers.map((one) => {
    const ours = logins.find(({ concurrency }) => concurrency === one.concurrency);
    const isComparable = one.ownHash === undefined;
    const name = isComparable ? one.peer : `${one.peer} (${one.ownHash})`;
    const p99 = Object.values(one.calls).map((times) => formatFigure(times.p99));
    return [
      `${name}, ${one.concurrency} at once`,
      formatFigure(one.perSecond),
      formatFigure(isComparable ? one.perSecond / one.rawPerSecond : undefined),
      p99.join(' + '),
      formatFigure(one.cpuMs),
      formatFigure(ours?.perSecond),
      formatFigure(isComparable && ours ? ours.perSecond / one.perSecond : undefined),
    ];
  });
  const titles = ['logins/s', 'of raw', 'p99 of its calls', 'CPU a login', 'Sallyport', 'times'];
  const table = rows.length === 0 ? [] : [renderTable([`peers at cost ${cost}`, ...titles], rows)];
  return [
    ...table,
    ...Object.entries(missingPeers).map(([name, reason]) => `${name} at cost ${cost}: skipped, ${reason}`),
  ];
}
