// The data is made under another name and moved into place when it is whole, so that a start that was cut off leaves
// nothing that looks like a database.
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { chooseLauncher, findOtherUser, type Ids, type Launcher } from './postgres-launcher.ts';
import { readLines } from './read-lines.ts';
import { StartError } from './start-error.ts';

export const superuser = 'sallyport';

export interface ClusterOptions {
  folder: string;
  password: string;
  durable: boolean;
}

/** Makes the data folder's cluster unless it is there, and returns how to start it. */
export async function prepareCluster(binaries: PostgresBinaries, options: ClusterOptions): Promise<Launcher> {
  if (existsSync(join(options.folder, 'PG_VERSION'))) return reopen(binaries, options.folder);
  const ids = findOtherUser();
  const draft = `${options.folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await giveTo(ids, draft);
  const launcher = chooseLauncher(binaries.postgres, draft, ids);
  await initialise(launcher, binaries.initdb, draft, ids, options);
  await rm(options.folder, { recursive: true, force: true });
  await rename(draft, options.folder);
  return launcher;
}

async function reopen(binaries: PostgresBinaries, folder: string): Promise<Launcher> {
  const owner = await stat(folder);
  const ids = findOtherUser() && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : findOtherUser();
  const launcher = chooseLauncher(binaries.postgres, folder, ids);
  const made = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  const major = /(\d+)(\.\d+|\w*)$/.exec(launcher.version)?.[1];
  if (made !== major) {
    throw new StartError(
      `The data in ${folder} was made by PostgreSQL ${made} and this is ${major}: move it with pg_dump, or start the version of Sallyport that made it.`,
    );
  }
  return launcher;
}

async function initialise(
  launcher: Launcher,
  initdb: string,
  draft: string,
  ids: Ids | undefined,
  { password, durable }: ClusterOptions,
): Promise<void> {
  const passwordFile = `${draft}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(ids, passwordFile);
  try {
    const args = [
      ...[`--pgdata=${draft}`, `--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(durable ? [] : ['--no-sync']),
    ];
    await run(launcher, initdb, args);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function giveTo(ids: Ids | undefined, path: string): Promise<void> {
  if (ids !== undefined) await chown(path, ids.uid, ids.gid);
  else if (process.platform !== 'win32') await chmod(path, (await stat(path)).isDirectory() ? 0o700 : 0o600);
}

function run(launcher: Launcher, command: string, args: string[]): Promise<void> {
  const child = launcher.spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let last = '';
  if (child.stderr) {
    readLines(child.stderr, (line) => {
      if (/error|fatal|could not/i.test(line)) last = line;
    });
  }
  return new Promise((resolve, reject) => {
    const fail = (how: string) => reject(new StartError(`The database could not be made (${last || how}).`));
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => (code === 0 ? resolve() : fail(`initdb: ${signal ?? `exit code ${code}`}`)));
  });
}
