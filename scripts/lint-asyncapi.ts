/*
 * Holds the AsyncAPI document to the official parser, to the committed docs/asyncapi.json, and to those who consume by it:
 * what would break them is refused. `--write` brings docs/asyncapi.json and docs/audit-events.md up to date.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { createAsyncApi } from '../gateway/asyncapi/create-asyncapi.ts';
import { findBreaks } from './find-breaks.ts';
import { renderExamples } from './render-examples.ts';

const documentFile = 'docs/asyncapi.json';
const examplesFile = 'docs/audit-events.md';
const write = process.argv.includes('--write');

const text = `${JSON.stringify(createAsyncApi(), null, 2)}\n`;
const promised = readPromised();
const faults = [...(await parse(text)), ...promised.flatMap((before) => findBreaks(before, JSON.parse(text)))];
if (faults.length === 0) faults.push(...[settle(documentFile, text), settle(examplesFile, renderExamples())].flat());
for (const fault of faults) console.error(fault);
if (faults.length === 0) console.log('asyncapi.json is valid, and takes nothing away from consumers');
process.exitCode = faults.length === 0 ? 0 : 1;

async function parse(document: string): Promise<string[]> {
  const found = await new Parser().validate(document);
  return found.filter(({ severity }) => severity <= 1).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** What was promised: by the last commit, and before the one that changed it last; else, without a repository, by the file. */
function readPromised(): Parameters<typeof findBreaks>[0][] {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' });
  try {
    const commits = git('log', '-2', '--format=%H', '--', documentFile).split('\n').filter(Boolean);
    return commits.map((commit) => JSON.parse(git('show', `${commit}:${documentFile}`)));
  } catch {
    return existsSync(documentFile) ? [JSON.parse(readFileSync(documentFile, 'utf8'))] : [];
  }
}

function settle(file: string, wanted: string): string[] {
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return [];
  if (!write) return [`${file} is not what the code says: npm run asyncapi writes it`];
  writeFileSync(file, wanted);
  console.log(`${file} written`);
  return [];
}
