// Runs test files with Node's runner and counts what came of them. The suite's environment is ours alone: a variable of
// the product in a developer's shell must not change what a test sees. Each run carries a mark in its environment, so
// that a process a test has left behind is found, named and ended.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Lifeline } from './lifeline.ts';
import { commandOf, processesWith, signalAll, waitForEnd } from './processes.ts';
import { readFailures } from './read-failures.ts';

export type Tally = {
  passed: number;
  failed: number;
  skipped: number;
  /** Each skipped test with its reason. */
  skips: string[];
  /** Each failed test with the beginning of its error. */
  failures: string[];
  /** Commands that the tests left running. */
  leftBehind: string[];
};

export type SuiteOptions = {
  files: readonly string[];
  namePattern?: string | undefined;
  environment: Record<string, string>;
  folder: string;
  lifeline: Lifeline;
  signal: AbortSignal;
};

const productVariables = new RegExp(
  `^(${[
    'DATABASE_URL|REDIS_URL|AMQP_URL|USERS_URL|OTP_URL|PUBLIC_URL|DATA_DIR|HOST|SIGNUP|LOG_LEVEL|TRUSTED_PROXIES',
    '(GATEWAY|USERS|OTP|OPS)_.*|(SERVICE|PASSWORD|TOKEN|AUDIT|ADMIN|BCRYPT|CORS|CHALLENGE|ENROLMENT|ACCESS_TOKEN)_.*',
    '(FRESH|SESSION|SIGNUPS|ADDRESS)_.*',
    // What the libraries under them, and the runner itself, would read.
    'TEST_.*|PG[A-Z]+|NODE_ENV|NODE_OPTIONS|NODE_TEST_CONTEXT|RABBITMQ_.*|ERL_.*',
  ].join('|')})$`,
);

/** This process's environment without what would reach the product or the runner under it. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !productVariables.test(name)));
}

/**
 * Reads the runner's TAP report. A run that was cut short has no totals and counts as one failure. A file in which no
 * test ran is reported as a passed test of the file's name, and isn't counted.
 */
export function readTap(tap: string, files: readonly string[]): Omit<Tally, 'leftBehind'> {
  // The last of each: what tests print stands above, in lines that may look the same.
  const total = (name: string) => Number([...tap.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);
  const isWhole = /^# tests \d+$/m.test(tap);
  const names = [...tap.matchAll(/^ok \d+ - (.*)$/gm)].map(([, name]) => name ?? '');
  const empty = names.filter((name) => files.some((file) => resolve(file) === resolve(name)));
  const skips = [...tap.matchAll(/^ *ok \d+ - (.*) # SKIP ?(.*)$/gm)].map(([, name, reason]) =>
    `${name}${reason ? `: ${reason}` : ''}`.replaceAll('\\#', '#'),
  );
  return {
    passed: total('pass') - empty.length,
    failed: isWhole ? total('fail') + total('cancelled') : 1,
    skipped: total('skipped') + total('todo'),
    skips,
    failures: readFailures(tap),
  };
}

/** Ends the processes whose environment holds the mark, and says which those were. */
export async function endLeftovers(mark: string): Promise<string[]> {
  const pids = processesWith(mark);
  const commands = pids.map((pid) => `${pid} ${commandOf(pid)}`);
  signalAll(pids, 'SIGTERM');
  if (!(await waitForEnd(pids, 5_000))) signalAll(processesWith(mark), 'SIGKILL');
  return commands;
}

/** Runs the files and returns the counts; an abort ends the run and everything it started. */
export async function runSuite(options: SuiteOptions): Promise<Tally> {
  const { files, namePattern, environment, folder, lifeline, signal } = options;
  const report = join(folder, 'report.tap');
  const run = randomUUID();
  const child = spawn(
    process.execPath,
    [
      '--test',
      // A file may start a dozen processes, and waits for some of them at any time: with many more files than cores, the
      // deadlines of the product run out.
      `--test-concurrency=${availableParallelism() + 1}`,
      '--test-timeout=300000',
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...['--test-reporter=tap', `--test-reporter-destination=${report}`],
      ...(namePattern === undefined ? [] : [`--test-name-pattern=${namePattern}`]),
      ...files,
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...cleanEnvironment(), ...environment, TEST_RUN: run, TMPDIR: folder },
      // Of its own group, so that a Ctrl-C reaches it once, from here.
      detached: true,
    },
  );
  const ended = Promise.withResolvers<number | null>();
  child.on('error', ended.reject);
  child.on('exit', (code) => ended.resolve(code));
  if (child.pid !== undefined) lifeline.follow(child.pid);
  const interrupt = () => child.kill('SIGTERM');
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) interrupt();
  const code = await ended.promise;
  signal.removeEventListener('abort', interrupt);
  lifeline.follow();
  const leftBehind = await endLeftovers(`TEST_RUN=${run}`);
  const tally = readTap(existsSync(report) ? readFileSync(report, 'utf8') : '', files);
  // The runner knows of failures no test has, such as a file that can't be loaded.
  const failed = code !== 0 && tally.failed === 0 ? 1 : tally.failed;
  return { ...tally, failed, leftBehind: signal.aborted ? [] : leftBehind };
}
