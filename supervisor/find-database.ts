import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { databaseUrl, readConfig } from '@sallyport/config';
import { z } from 'zod';
import { readKeys } from './keys.ts';
import { superuser } from './postgres-cluster.ts';
import { StartError } from './start-error.ts';

const schema = z.object({ DATABASE_URL: databaseUrl.optional(), DATA_DIR: z.string().default('.data') });

/**
 * The database of this installation: DATABASE_URL, else the one that a running `npm start` keeps in its data folder.
 * @throws StartError with one sentence where neither is there
 */
export async function findDatabase(env: NodeJS.ProcessEnv): Promise<string> {
  const { DATABASE_URL: url, DATA_DIR } = readConfig(schema, env);
  if (url !== undefined) return url;
  const folder = resolve(DATA_DIR);
  const { POSTGRES_PASSWORD: password } = await readKeys(join(folder, 'keys.json'));
  const port = await readPort(join(folder, 'postgres', 'postmaster.pid'));
  if (password === undefined || port === undefined) {
    throw new StartError(
      `There is no DATABASE_URL, and no Sallyport runs over ${folder}: set DATABASE_URL, or DATA_DIR to the folder of a running npm start.`,
    );
  }
  return `postgres://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/sallyport`;
}

/** The fourth line of what a running PostgreSQL notes about itself. */
async function readPort(file: string): Promise<string | undefined> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return /^\d+$/.exec(lines[3] ?? '')?.[0];
}
