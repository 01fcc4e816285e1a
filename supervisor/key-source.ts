import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RingName } from './generate-keys.ts';
import { StartError } from './start-error.ts';
import { writeFileDurably } from './write-file-durably.ts';

/** Where the rings of an installation are kept. */
export interface KeySource {
  path: string;
  /** Made by `npm start`, whose own database they go with. */
  ofDataFolder: boolean;
  get(name: string): string | undefined;
  replace(name: RingName, ring: string): Promise<void>;
}

/** The `--env` file, else `keys.json` of the data folder. @throws StartError */
export async function openKeySource(envFile: string | undefined, dataFolder: string): Promise<KeySource> {
  return envFile === undefined ? openJson(join(dataFolder, 'keys.json')) : openEnv(resolve(envFile));
}

async function openJson(path: string): Promise<KeySource> {
  const text = await read(path);
  const damaged = new StartError(`The keys in ${path} are damaged: put the file back from a backup.`);
  let kept: Map<string, unknown>;
  try {
    kept = new Map(Object.entries(JSON.parse(text) as object));
  } catch {
    throw damaged;
  }
  if (![...kept.values()].every((value) => typeof value === 'string')) throw damaged;
  return {
    path,
    ofDataFolder: true,
    get: (name) => kept.get(name) as string | undefined,
    replace: (name, ring) =>
      writeFileDurably(path, `${JSON.stringify(Object.fromEntries(kept.set(name, ring)), null, 2)}\n`),
  };
}

async function openEnv(path: string): Promise<KeySource> {
  const lines = (await read(path)).split('\n');
  const find = (name: string) => {
    const found = lines.flatMap((line, index) => (line.startsWith(`${name}=`) ? [index] : []));
    if (found.length > 1) throw new StartError(`${path} sets ${name} twice.`);
    return found[0];
  };
  return {
    path,
    ofDataFolder: false,
    get: (name) => {
      const index = find(name);
      return index === undefined ? undefined : lines[index]?.slice(name.length + 1).trim();
    },
    replace: (name, ring) => {
      const index = find(name);
      if (index === undefined) throw new StartError(`${path} has no ${name}.`);
      return writeFileDurably(path, lines.with(index, `${name}=${ring}`).join('\n'));
    },
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new StartError(`The keys in ${path} can't be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
