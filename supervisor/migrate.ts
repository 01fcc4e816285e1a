import { parseArgs } from 'node:util';
import { databaseUrl, readConfig } from '@sallyport/config';
import { openDb } from '@sallyport/postgres';
import { z } from 'zod';
import { awaitMigrations } from './await-migrations.ts';
import { checkDatabase } from './check-database.ts';
import { explainFailure } from './explain-failure.ts';
import { migrateAll } from './migrations.ts';
import { StartError } from './start-error.ts';

const schema = z.object({ DATABASE_URL: databaseUrl.optional() });

try {
  const part = readPart();
  const { DATABASE_URL: url } = readConfig(schema, process.env);
  if (url === undefined) throw new StartError('DATABASE_URL is missing: set it to the PostgreSQL to migrate.');
  if (part === undefined) {
    await checkDatabase(url);
    const applied = await migrateAll(url);
    console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : 'the database is up to date');
  } else {
    const db = openDb({ url, name: 'sallyport-migrate', max: 1 });
    await awaitMigrations(db, part, (line) => console.log(line)).finally(() => db.close());
    console.log(`the database has what ${part} needs`);
  }
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = 1;
}

function readPart(): string | undefined {
  try {
    return parseArgs({ options: { wait: { type: 'string' } } }).values.wait;
  } catch {
    throw new StartError('The only option is --wait PART (npm run migrate -- --wait users).');
  }
}
