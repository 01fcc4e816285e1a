// A test file depends on the back end if it, or anything it imports or starts by a path of its own, reads one of the
// variables that describe it. The others would do the same work twice.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const once = /^\/\/ Runs on one back end: \S/m;
const variables = /\bTEST_(BACKEND|DATABASE_URL|REDIS_URL|AMQP_URL)\b/;
const typeImports = /^import type [^;]*;/gm;
const ownPaths = /['"](\.{1,2}\/[^'"\n]+\.m?[jt]s)['"]/g;

export function usesBackEnd(file: string, seen = new Set<string>()): boolean {
  const path = resolve(file);
  if (seen.has(path) || !existsSync(path)) return false;
  seen.add(path);
  const text = readFileSync(path, 'utf8').replaceAll(typeImports, '');
  if (variables.test(text)) return true;
  return [...text.matchAll(ownPaths)].some(([, own = '']) => usesBackEnd(resolve(dirname(path), own), seen));
}

/** Whether it says of itself, with its reason, that one back end is enough. */
export function wantsOneBackEnd(file: string): boolean {
  return once.test(readFileSync(file, 'utf8'));
}
