import { migrate, openDb } from '@sallyport/postgres';
import { gatewayMigrations } from '../gateway/migrations.ts';
import { otpMigrations } from '../services/otp/migrations.ts';
import { usersMigrations } from '../services/users/migrations.ts';

const all = [usersMigrations, otpMigrations, gatewayMigrations];

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
