import { type Db, migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase } from '../../../test/support/database.ts';
import { gatewayMigrations } from '../../migrations.ts';

export interface AuditDatabase {
  db: Db;
  /** Another gateway's pool on the same database. */
  openAnother(): Db;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A database of its own with the gateway's schema. */
export async function openAuditDatabase(): Promise<AuditDatabase> {
  const database = await createTestDatabase();
  const pools: Db[] = [];
  const openAnother = () => {
    const pool = openDb({ url: database.url, name: 'audit test' });
    pools.push(pool);
    return pool;
  };
  const db = openAnother();
  await migrate(db, gatewayMigrations);
  return {
    db,
    openAnother,
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool.close()));
      await database[Symbol.asyncDispose]();
    },
  };
}
