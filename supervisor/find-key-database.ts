import { findDatabase } from './find-database.ts';
import type { KeySource } from './key-source.ts';
import { StartError } from './start-error.ts';

/**
 * The database whose rows name these keys: DATABASE_URL of the environment, else of the file. The one of a running
 * `npm start` goes with the keys of a data folder alone: in a foreign one no row would name a key that is still needed.
 * @throws StartError with one sentence where there is none
 */
export async function findKeyDatabase(env: NodeJS.ProcessEnv, source: KeySource | undefined): Promise<string> {
  const url = env.DATABASE_URL || source?.get('DATABASE_URL');
  if (url) return url;
  if (source?.ofDataFolder === false) {
    throw new StartError(`There is no DATABASE_URL, neither in the environment nor in ${source.path}.`);
  }
  return findDatabase(env);
}
