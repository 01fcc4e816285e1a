import { readFile } from 'node:fs/promises';
import { type AuditKeys, type Mark, readMarks } from '@sallyport/audit/log';
import { StartError } from './start-error.ts';

/** What saved checkpoints, one a line, know of their log. @throws StartError where one can't be believed */
export async function readSavedMarks(path: string, keys: AuditKeys | undefined): Promise<Mark[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(`The checkpoints in ${path} can't be read (${error.code}).`);
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new StartError(`${path} holds no checkpoint.`);
  return lines.flatMap((line) => {
    const marks = readMarks(line, keys);
    if (!Array.isArray(marks)) throw new StartError(`A checkpoint in ${path} can't be believed: ${marks.says}.`);
    return marks;
  });
}
