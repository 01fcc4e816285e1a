import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createEnvFile } from './create-env-file.ts';
import { explainFailure } from './explain-failure.ts';
import { StartError } from './start-error.ts';
import { writeFileDurably } from './write-file-durably.ts';

try {
  const { print, force } = readOptions();
  if (print) {
    process.stdout.write(createEnvFile());
  } else {
    const path = resolve('.env');
    if (existsSync(path) && !force) {
      throw new StartError(
        `${path} is there already and holds keys in use: --force replaces it, --print shows a fresh one.`,
      );
    }
    await writeFileDurably(path, createEnvFile());
    console.log(`${path} is written: look at PUBLIC_URL, then docker compose up`);
  }
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = 1;
}

function readOptions(): { print?: boolean; force?: boolean } {
  try {
    return parseArgs({ options: { print: { type: 'boolean' }, force: { type: 'boolean' } } }).values;
  } catch {
    throw new StartError('The only options are --print and --force (npm run env -- --print).');
  }
}
