import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guard } from './guard.ts';

/** Why a guard can't be tried in this checkout, or undefined where it can. */
export function findFault(root: string, guard: Guard): string | undefined {
  const { file, find, replace, test } = guard;
  if (find === replace) return 'the patch changes nothing';
  if (!existsSync(join(root, file))) return `there is no ${file}`;
  const places = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  if (places !== 1) return `the text to find stands ${places} times in ${file}`;
  if (!existsSync(join(root, test.file))) return `there is no ${test.file}`;
  const named = readFileSync(join(root, test.file), 'utf8').split(test.name).length - 1;
  return named === 1 ? undefined : `the name of the test stands ${named} times in ${test.file}`;
}
