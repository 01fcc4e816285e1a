// What `npm run bench` runs: the whole system on stores and ports of its own, measured against limits and peers in the same
// run. Progress goes to stderr, figures to stdout. Nothing is left behind, whether it ends, fails or is interrupted.
import { chmodSync, mkdtempSync } from 'node:fs';
import { constants, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLifeline } from '../test/support/servers/lifeline.ts';
import { type BenchOptions, createUsage, readArguments } from './arguments.ts';
import { renderBar } from './report/render-bar.ts';
import { cores, openRig } from './rig.ts';
import { type Results, runScenarios } from './run-scenarios.ts';
import { scenarios } from './scenarios.ts';

const started = performance.now();

function tell(message: string): void {
  const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${message}\n`);
}

async function run(options: BenchOptions, folder: string, signal: AbortSignal): Promise<number> {
  const { limits, profileFolder, json, rounds, seconds } = options;
  const bench = {
    folder,
    signal,
    openRig: (rig: Parameters<typeof openRig>[1]) => openRig({ folder, signal, limits, profileFolder }, rig),
  };
  const results = await runScenarios(scenarios, bench, options, tell);
  const machine = { cores, cpu: cpus()[0]?.model ?? 'unknown', node: process.versions.node };
  const about = { ...machine, rounds, seconds, limits };
  process.stdout.write(json ? `${JSON.stringify({ ...about, ...results }, null, 2)}\n` : render(about, results));
  return results.failures.length > 0 ? 1 : 0;
}

function render(
  about: { cores: number; cpu: string; node: string; rounds: number; seconds: number; limits: boolean },
  { details, failures, bar }: Results,
): string {
  const heading = [
    `${about.cores} cores (${about.cpu}), Node.js ${about.node}, limits per address ${about.limits ? 'counting' : 'off'};`,
    `medians of ${about.rounds} rounds of ${about.seconds} s; times in ms`,
  ].join(' ');
  return `\n${[heading, ...details, ...failures.map((one) => `failed: ${one}`), renderBar(bar)].join('\n\n')}\n`;
}

async function main(): Promise<number> {
  const usage = createUsage(scenarios);
  let options: BenchOptions | 'help';
  try {
    options = readArguments(process.argv.slice(2), scenarios);
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
    return await run(options, folder, interruption.signal);
  } catch (error) {
    if (interruptedBy !== undefined) return 128 + constants.signals[interruptedBy];
    process.stderr.write(`${(error as Error).stack}\n`);
    return 1;
  } finally {
    await lifeline.close();
  }
}

process.exitCode = await main();
