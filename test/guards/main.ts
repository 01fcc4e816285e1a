// What `npm run test:guards` runs: takes each guard of the list out of a copy of the checkout, one at a time, and wants
// the test that names it to fail, by failing and not by falling over. So a test that can't fail is found. With the guards
// in place all of these tests pass first.
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBackEnd } from '../support/servers/back-end.ts';
import { openLifeline } from '../support/servers/lifeline.ts';
import { copyCheckout, takeOut } from './checkout.ts';
import { findFault } from './find-fault.ts';
import type { Guard } from './guard.ts';
import { guards } from './index.ts';
import { type Outcome, readOutcome } from './read-report.ts';
import { type Place, runTests } from './run-tests.ts';

const root = join(import.meta.dirname, '..', '..');
const usage = 'Usage: npm run test:guards -- [--list] [--on embedded|real] [--only PART OF A NAME OR FILE]';

type Result = { guard: Guard; seconds: number; verdict: string; bad: boolean };

const verdicts: Record<Outcome, { verdict: string; bad: boolean }> = {
  failed: { verdict: 'found', bad: false },
  passed: { verdict: 'SURVIVED', bad: true },
  broken: { verdict: 'BROKEN: the test did not run', bad: true },
  skipped: { verdict: 'not tried: the test is skipped here', bad: false },
};

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** The tests of each file with all guards in place, run once. */
async function checkUntouched(place: Place, chosen: readonly Guard[]): Promise<Map<Guard, Outcome>> {
  const outcomes = new Map<Guard, Outcome>();
  const byFile = Map.groupBy(chosen, (guard) => guard.test.file);
  let done = 0;
  for (const [file, own] of byFile) {
    done += 1;
    say(`untouched ${done}/${byFile.size} ${file}`);
    const report = await runTests(place, file, [...new Set(own.map((guard) => guard.test.name))]);
    for (const guard of own) outcomes.set(guard, readOutcome(report, guard.test.name));
  }
  return outcomes;
}

async function tryGuard(place: Place, guard: Guard, untouched: Outcome | undefined): Promise<Result> {
  if (untouched === 'skipped') return { guard, seconds: 0, ...verdicts.skipped };
  if (untouched !== 'passed')
    return { guard, seconds: 0, verdict: `BROKEN: ${untouched} with the guard in`, bad: true };
  const started = performance.now();
  using _ = takeOut(place.copy, guard);
  const report = await runTests(place, guard.test.file, [guard.test.name]);
  return { guard, seconds: (performance.now() - started) / 1_000, ...verdicts[readOutcome(report, guard.test.name)] };
}

async function tryAll(place: Place, chosen: readonly Guard[]): Promise<Result[]> {
  const faulty = chosen.flatMap((guard): Result[] => {
    const fault = findFault(root, guard);
    return fault === undefined ? [] : [{ guard, seconds: 0, verdict: `BROKEN: ${fault}`, bad: true }];
  });
  for (const { guard, verdict } of faulty) say(`${verdict}  ${guard.name}`);
  const sound = chosen.filter((guard) => faulty.every((result) => result.guard !== guard));
  const untouched = await checkUntouched(place, sound);
  const results = [...faulty];
  for (const [at, guard] of sound.entries()) {
    const result = await tryGuard(place, guard, untouched.get(guard));
    say(
      `${at + 1}/${sound.length} ${result.verdict.padEnd(9)} ${result.seconds.toFixed(1).padStart(6)} s  ${guard.name}`,
    );
    results.push(result);
  }
  return results;
}

function summarize(results: readonly Result[]): number {
  const files = Map.groupBy(results, (result) => result.guard.file);
  say('\nguards found by their tests, by file');
  for (const [file, own] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    say(`  ${String(own.filter((result) => result.verdict === 'found').length).padStart(3)}/${own.length}  ${file}`);
  }
  const bad = results.filter((result) => result.bad);
  for (const { guard, verdict } of bad)
    say(`\n${verdict}\n  ${guard.name} (${guard.file})\n  ${guard.test.file}: ${guard.test.name}`);
  const count = (verdict: string) => results.filter((result) => result.verdict.startsWith(verdict)).length;
  say(`\n${count('found')} found, ${bad.length} not, ${count('not tried')} not tried`);
  return bad.length === 0 && results.length > 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { list: { type: 'boolean' }, only: { type: 'string' }, on: { type: 'string', default: 'real' } },
  });
  const { list, only = '', on } = values;
  const chosen = guards.filter(({ name, file }) => name.includes(only) || file.includes(only));
  if (on !== 'real' && on !== 'embedded') throw new Error(`there is no back end ${on}`);
  if (list) {
    for (const { name, file, test } of chosen) say(`${name}\n  ${file}\n  ${test.file}: ${test.name}`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-guards-'));
  // Servers of another user live below it.
  chmodSync(folder, 0o711);
  const lifeline = openLifeline(folder);
  try {
    const copy = join(folder, 'checkout');
    copyCheckout(root, copy);
    const own = join(folder, 'own');
    mkdirSync(own);
    chmodSync(own, 0o711);
    const backEnd = await openBackEnd(on, own);
    for (const note of backEnd.notes) say(note);
    try {
      return summarize(await tryAll({ copy, environment: backEnd.environment, folder: own, lifeline }, chosen));
    } finally {
      await backEnd.close();
    }
  } finally {
    await lifeline.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}
