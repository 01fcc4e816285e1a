import { relative } from 'node:path';
import { parse } from 'yaml';

/** Diagnosis of a failed test in Node's TAP report. */
interface Diagnosis {
  failureType?: string;
  location?: string;
  error?: string;
}

const failed = /^( *)not ok \d+ - (.*)\n\1 {2}---\n([\s\S]*?)\n\1 {2}\.\.\.$/gm;
const mostLines = 15;

/** Each failed test with its place and the first lines of its error; not those that failed by a test within them. */
export function readFailures(tap: string, root = process.cwd()): string[] {
  return [...tap.matchAll(failed)].flatMap(([, , name = '', block = '']) => {
    const { failureType, location = '', error = '' } = parse(block, { logLevel: 'silent' }) as Diagnosis;
    if (failureType === 'subtestsFailed') return [];
    const place = location.startsWith('/') ? relative(root, location) : location;
    const lines = String(error).trimEnd().split('\n').slice(0, mostLines);
    return [[`${name.replaceAll('\\#', '#')} (${place})`, ...lines.map((line) => `  ${line}`)].join('\n')];
  });
}
