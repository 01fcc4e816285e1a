import { join } from 'node:path';
import { type Migrations, migrate, openDb } from '@sallyport/postgres';
import { repositoryFolder } from './repository-folder.ts';

const all: readonly Migrations[] = [
  { schema: 'users', folder: join(repositoryFolder, 'services/users/migrations') },
  { schema: 'otp', folder: join(repositoryFolder, 'services/otp/migrations') },
  { schema: 'gateway', folder: join(repositoryFolder, 'gateway/migrations') },
];

/** Brings the schemas of all parts up to date; returns what was applied, as `schema/file`. */
export async function migrateAll(databaseUrl: string): Promise<string[]> {
  const deadlineMs = 10 * 60_000;
  const db = openDb({ url: databaseUrl, name: 'sallyport-migrate', max: 1, deadlineMs });
  try {
    const applied: string[] = [];
    for (const migrations of all) {
      const names = await migrate(db, migrations);
      applied.push(...names.map((name) => `${migrations.schema}/${name}`));
    }
    return applied;
  } finally {
    await db.close();
  }
}
