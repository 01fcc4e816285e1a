import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lifeline } from '../support/servers/lifeline.ts';
import { cleanEnvironment, endLeftovers } from '../support/servers/suite.ts';

export interface Place {
  /** The copy of the checkout. */
  copy: string;
  /** What tests read of the back end. */
  environment: Record<string, string>;
  /** For reports and what tests leave. */
  folder: string;
  lifeline: Lifeline;
}

/** Random histories look longer here than in the suite. */
const runs = '200';

/** A mutant that never ends has failed, but not too late. */
const timeoutMs = 90_000;

/** Runs those tests of one file, in the copy; returns the TAP report. */
export async function runTests(place: Place, file: string, names: readonly string[]): Promise<string> {
  const report = join(place.folder, 'report.tap');
  rmSync(report, { force: true });
  const run = randomUUID();
  const patterns = names.map((name) => `--test-name-pattern=${name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}`);
  const output = ['--test-reporter=tap', `--test-reporter-destination=${report}`];
  const child = spawn(
    process.execPath,
    ['--test', `--test-timeout=${timeoutMs}`, '--test-force-exit', ...output, ...patterns, file],
    {
      cwd: place.copy,
      stdio: 'ignore',
      env: { ...cleanEnvironment(), ...place.environment, TEST_RUN: run, TMPDIR: place.folder, FC_RUNS: runs },
      detached: true,
    },
  );
  if (child.pid !== undefined) place.lifeline.follow(child.pid);
  await once(child, 'exit');
  place.lifeline.follow();
  await endLeftovers(`TEST_RUN=${run}`);
  return existsSync(report) ? readFileSync(report, 'utf8') : '';
}
