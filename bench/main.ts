// What `npm run bench` runs: the whole system on stores and ports of its own, measured against raw bcrypt in the same
// run. Progress goes to stderr, figures to stdout. Nothing is left behind, whether it ends, fails or is interrupted.
import { chmodSync, mkdtempSync } from 'node:fs';
import { constants, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLifeline } from '../test/support/servers/lifeline.ts';
import { type BenchOptions, readArguments, usage } from './arguments.ts';
import { measureAudit } from './audit/measure-audit.ts';
import { type Bench, cores, openBench } from './bench.ts';
import { measureLogins } from './measure-logins.ts';
import { measureRequests } from './measure-requests.ts';
import { type Report, renderReport } from './report/render-report.ts';
import { summariseLogins, summariseRequests } from './report/summaries.ts';

const started = performance.now();

function tell(message: string): void {
  const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${message}\n`);
}

async function run(options: BenchOptions, folder: string, signal: AbortSignal): Promise<Report> {
  const report: Report = {
    node: process.versions.node,
    cores,
    cpu: cpus()[0]?.model ?? 'unknown',
    stores: [],
    cost: options.cost,
    limits: options.limits,
    rounds: options.rounds,
    seconds: options.seconds,
  };
  const about = (name: string) => (message: string) => tell(`${name}: ${message}`);
  if (options.scenarios.some((name) => name !== 'audit')) {
    tell('starting stores and parts');
    await using bench = await openBench({ ...options, folder, signal });
    await measureLoad(bench, options, report, about);
    tell('stopping');
  }
  if (options.scenarios.includes('audit')) {
    tell('starting stores, a broker and parts');
    report.audit = await measureAudit({ ...options, folder, signal }, about('audit'));
  }
  return report;
}

async function measureLoad(
  bench: Bench,
  options: BenchOptions,
  report: Report,
  about: (name: string) => (message: string) => void,
): Promise<void> {
  report.stores = bench.stores;
  if (options.scenarios.includes('login')) {
    const { rounds, idle } = await measureLogins(bench, options, about('login'));
    report.login = summariseLogins(rounds);
    if (idle) report.idle = { ...idle };
  } else {
    await bench.prepareAccounts(Math.max(...options.concurrency));
  }
  for (const name of ['refresh', 'verify'] as const) {
    if (!options.scenarios.includes(name)) continue;
    report[name] = summariseRequests(await measureRequests(bench, name, options, about(name)));
  }
}

function hasFailures(report: Report): boolean {
  return [report.login, report.refresh, report.verify].some((part) => part?.some((summary) => summary.failed > 0));
}

async function main(): Promise<number> {
  let options: BenchOptions | 'help';
  try {
    options = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const interruption = new AbortController();
  let interruptedBy: 'SIGINT' | 'SIGTERM' | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interruptedBy ??= signal;
      interruption.abort(new Error('interrupted'));
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  // Servers of another user live below it.
  chmodSync(folder, 0o711);
  const lifeline = openLifeline(folder);
  try {
    const report = await run(options, folder, interruption.signal);
    process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : `\n${renderReport(report)}`}\n`);
    return hasFailures(report) ? 1 : 0;
  } catch (error) {
    if (interruptedBy !== undefined) return 128 + constants.signals[interruptedBy];
    process.stderr.write(`${(error as Error).stack}\n`);
    return 1;
  } finally {
    await lifeline.close();
  }
}

process.exitCode = await main();
