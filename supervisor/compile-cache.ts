// Node keeps compiled code in the data folder, which only its owner writes: without it each process compiles the same
// libraries at every start, which takes it half a second and 25 MB for good.
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';

export function compileCacheFolder(dataFolder: string): string {
  return join(dataFolder, 'compile-cache');
}

/** For this process; from the second start on, since making the data folder is left to its owner. */
export function useCompileCache(env: NodeJS.ProcessEnv): void {
  const dataFolder = resolve(env.DATA_DIR || '.data');
  if (existsSync(dataFolder)) enableCompileCache(compileCacheFolder(dataFolder));
}
