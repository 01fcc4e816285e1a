import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../test/support/servers/find-servers.ts';
import { NotMeasured } from '../scenario.ts';
import { runCommand } from './run-command.ts';

/**
 * Packages of npm in a folder of their own outside the checkout, fetched once and kept; only those of `withScripts` may run a
 * script as they are installed. Returns the folder.
 */
export async function fetchPackages(
  name: string,
  packages: { wanted: readonly string[]; withScripts: readonly string[] },
  { signal, tell }: { signal: AbortSignal; tell: (message: string) => void },
): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sallyport-bench');
  const folder = join(cache, name);
  if (existsSync(join(folder, 'complete'))) return folder;
  const npm = findProgram('npm');
  if (npm === undefined) throw new NotMeasured('there is no npm to fetch it with');
  tell(`fetching ${packages.wanted.join(', ')} into ${folder}`);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    writeFileSync(join(unfinished, 'package.json'), '{"private":true,"type":"module"}\n');
    const options = { cwd: unfinished, signal };
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts'];
    await runCommand(npm, ['install', '--save-exact', ...quiet, ...packages.wanted], options);
    for (const one of packages.withScripts) await runCommand(npm, ['rebuild', one], options);
    writeFileSync(join(unfinished, 'complete'), '');
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (error) {
    signal.throwIfAborted();
    throw new NotMeasured((error as Error).message);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
