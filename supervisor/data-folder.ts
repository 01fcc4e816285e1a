// One owner at a time. The operating system keeps the lock (a record lock, taken through SQLite since Node has no call
// for it): it ends with the process that holds it, however that ends, so there is no stale lock to judge.
// `supervisor.pid` is only a note: it names the owner to a second start, and one that is left over says that the last
// owner was killed and that its parts may still be on their way out.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from './start-error.ts';

export interface DataFolder {
  path: string;
  /** The last owner ended without a clean stop. */
  abandoned: boolean;
  close(): Promise<void>;
}

/** Creates the folder where it is missing, and owns it until closed. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const note = join(path, 'supervisor.pid');
  try {
    await makeFolder(path);
    const lock = takeLock(join(path, 'lock'));
    if (lock === undefined) throw new StartError(await describeOwner(path, note));
    const abandoned = (await readOwner(note)) !== undefined;
    await writeFile(note, `${process.pid}\n`, { mode: 0o600 });
    return {
      path,
      abandoned,
      async close() {
        await rm(note, { force: true });
        lock.close();
      },
    };
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      `The data folder ${path} can't be written (${code ?? message}): set DATA_DIR to one that can.`,
    );
  }
}

/** Step by step: Node's recursive mkdir never returns where a parent takes no folders, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 });
}

function takeLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    const sqliteBusy = 5;
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
}

async function describeOwner(path: string, note: string): Promise<string> {
  const pid = await readOwner(note);
  const owner = pid === undefined ? 'another Sallyport' : `another Sallyport (process ${pid})`;
  return `The data folder ${path} is in use by ${owner}: stop that one, or set DATA_DIR to a folder of its own.`;
}

async function readOwner(note: string): Promise<string | undefined> {
  const text = await readFile(note, 'utf8').catch(() => '');
  return /^\d+/.exec(text)?.[0];
}
