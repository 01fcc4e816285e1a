import { databaseUrl, readConfig } from '@sallyport/config';
import { z } from 'zod';
import { checkDatabase } from './check-database.ts';
import { explainFailure } from './explain-failure.ts';
import { migrateAll } from './migrations.ts';
import { StartError } from './start-error.ts';

const schema = z.object({ DATABASE_URL: databaseUrl.optional() });

try {
  const { DATABASE_URL: url } = readConfig(schema, process.env);
  if (url === undefined) throw new StartError('DATABASE_URL is missing: set it to the PostgreSQL to migrate.');
  await checkDatabase(url);
  const applied = await migrateAll(url);
  console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : 'the database is up to date');
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = 1;
}
