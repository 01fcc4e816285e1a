// The secrets of an installation without configuration, in one file that is made once and then kept: whoever loses it
// loses every password, factor and token made under it. So it is on the disk before anything uses a key, a key that a
// newer version adds is added without touching the others, and a file that can't be read stops the start.
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { generateKeys, type Keys, keyNames } from './generate-keys.ts';
import { StartError } from './start-error.ts';
import { writeFileDurably } from './write-file-durably.ts';

const keyFile = z.record(z.string(), z.string().min(1));

/** Loads `keys.json` from the data folder, making what is missing. */
export async function openKeys(dataFolder: string): Promise<Keys> {
  const path = join(dataFolder, 'keys.json');
  const kept = await readKeys(path);
  const keys = { ...generateKeys(), ...kept };
  if (keyNames.some((name) => kept[name] === undefined)) {
    await writeFileDurably(path, `${JSON.stringify(keys, null, 2)}\n`);
  }
  await chmod(path, 0o600);
  return keys;
}

/** What the file holds; nothing where there is none. */
export async function readKeys(path: string): Promise<Partial<Keys>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new StartError(`The keys in ${path} can't be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  try {
    return keyFile.parse(JSON.parse(text));
  } catch {
    throw new StartError(`The keys in ${path} are damaged: put the file back from a backup.`);
  }
}
