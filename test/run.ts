// What `npm test` runs: the whole suite once for each back end (see support/servers/back-end.ts), so that the same tests
// hold for what a newcomer starts and for what an operator runs; files that use none run with the first alone. It says
// what it skipped and why, and leaves nothing behind: no process, no folder, whether the run ends, fails or is
// interrupted. The last line holds the totals.
import { chmodSync, existsSync, globSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTemplate } from './support/migrated-database.ts';
import { type BackEndName, findRealServers, openBackEnd } from './support/servers/back-end.ts';
import { type Lifeline, openLifeline } from './support/servers/lifeline.ts';
import { findMemoryFolder } from './support/servers/memory-folder.ts';
import { runSuite, type Tally } from './support/servers/suite.ts';
import { usesBackEnd, wantsOneBackEnd } from './support/servers/uses-back-end.ts';

const usage = `Usage: npm test -- [--on embedded|real] [--name PATTERN] [FILE or FOLDER ...]`;

type Arguments = { backEnds: BackEndName[]; namePattern: string | undefined; files: string[] };

function findTests(folder: string): string[] {
  const excluded = ['**/node_modules', '**/.data', '**/.git'];
  return globSync(`${folder}/**/*.test.ts`, { exclude: excluded }).sort();
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { on: { type: 'string' }, name: { type: 'string' } },
  });
  const { on, name } = values;
  if (on !== undefined && on !== 'embedded' && on !== 'real') throw new Error(`there is no back end ${on}`);
  const wanted = positionals.length === 0 ? ['.'] : positionals;
  const files = wanted.flatMap((path) => {
    if (!existsSync(path)) throw new Error(`there is no ${path}`);
    return statSync(path).isDirectory() ? findTests(path) : [path];
  });
  if (files.length === 0) throw new Error('there is no test file');
  return { backEnds: on ? [on] : ['embedded', 'real'], namePattern: name, files };
}

function say(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The files that another back end's run has done for this one, or will do. */
type Result = Tally & { ranBefore: number; runLater: number };

function summarize(results: ReadonlyMap<BackEndName, Result>, notRun: ReadonlyMap<BackEndName, string>): void {
  say('', 'Summary');
  for (const [name, { passed, failed, skipped, skips, leftBehind, ranBefore, runLater }] of results) {
    say(`  ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    if (ranBefore > 0) say(`    not run again: files that use no back end (${ranBefore})`);
    if (runLater > 0) say(`    left to the next back end: files for which one is enough (${runLater})`);
    for (const skip of skips) say(`    skipped: ${skip}`);
    for (const command of leftBehind) say(`    left running by a test: ${command}`);
  }
  for (const [name, reason] of notRun) say(`  ${name}: not run, ${reason}`);
  // Last, where a log that was cut short still has them.
  for (const [name, { failures }] of results) for (const failure of failures) say('', `Failed on ${name}: ${failure}`);
}

type Run = Arguments & { folder: string; lifeline: Lifeline; signal: AbortSignal };

async function runOn(name: BackEndName, run: Run): Promise<Tally> {
  const folder = join(run.folder, name);
  mkdirSync(folder);
  chmodSync(folder, 0o711);
  say('', `Starting the ${name} back end`);
  const backEnd = await openBackEnd(name, folder);
  try {
    run.signal.throwIfAborted();
    for (const note of backEnd.notes) say(`  ${note}`);
    say('');
    await using template = await createTemplate(backEnd.environment.TEST_DATABASE_URL ?? '');
    // Every process loads the same libraries, and most of the time that takes is their compilation.
    const compiled = { NODE_COMPILE_CACHE: join(run.folder, 'compile-cache') };
    const environment = { ...backEnd.environment, ...template.variables, ...compiled };
    const { files, namePattern, lifeline, signal } = run;
    return await runSuite({ files, namePattern, environment, folder, lifeline, signal });
  } finally {
    await backEnd.close();
  }
}

async function runAll(run: Run): Promise<number> {
  const results = new Map<BackEndName, Result>();
  const notRun = new Map<BackEndName, string>();
  let left = run.files;
  let broken = 0;
  const missing = findRealServers().flatMap((server) => server.missing ?? []);
  const leavesToReal = run.backEnds.includes('real') && missing.length === 0;
  for (const name of run.backEnds) {
    const files = name === 'embedded' && leavesToReal ? left.filter((file) => !wantsOneBackEnd(file)) : left;
    if (name === 'real' && missing.length === 3) notRun.set(name, missing.join('; '));
    else if (files.length === 0) notRun.set(name, 'none of the files uses a back end');
    else {
      try {
        run.signal.throwIfAborted();
        const tally = await runOn(name, { ...run, files });
        const counts = { ranBefore: run.files.length - left.length, runLater: left.length - files.length };
        results.set(name, { ...tally, ...counts });
        left = left.filter((file) => usesBackEnd(file));
      } catch (error) {
        notRun.set(name, run.signal.aborted ? 'interrupted' : `${(error as Error).stack}`);
        broken += 1;
      }
    }
  }
  summarize(results, notRun);
  const sum = (count: (tally: Tally) => number) => [...results.values()].reduce((all, tally) => all + count(tally), 0);
  const [passed, failed, skipped] = [sum((t) => t.passed), sum((t) => t.failed), sum((t) => t.skipped)];
  const leftBehind = sum((tally) => tally.leftBehind.length);
  if (passed + failed === 0) say('', 'No test ran.');
  say('', `${passed} passed, ${failed} failed, ${skipped} skipped`);
  return passed > 0 && failed + leftBehind + broken === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  let interruptedBy: 'SIGINT' | 'SIGTERM' | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interruptedBy ??= signal;
      interruption.abort();
    });
  }
  let options: Arguments;
  try {
    options = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  // What os.tmpdir() answers, here and in whatever the suite starts.
  process.env.TMPDIR = findMemoryFolder() ?? tmpdir();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  // Servers of another user live below it.
  chmodSync(folder, 0o711);
  const lifeline = openLifeline(folder);
  const code = await runAll({ ...options, folder, lifeline, signal: interruption.signal });
  await lifeline.close();
  return interruptedBy ? 128 + constants.signals[interruptedBy] : code;
}

process.exitCode = await main();
