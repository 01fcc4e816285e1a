import { type Db, openDb } from '@sallyport/postgres';
import { createMigratedDatabase } from '../../../test/support/migrated-database.ts';

export interface AuditDatabase {
  db: Db;
  /** Another gateway's pool on the same database. */
  openAnother(): Db;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A database of its own with the gateway's schema. */
export async function openAuditDatabase(): Promise<AuditDatabase> {
  const database = await createMigratedDatabase();
  const pools: Db[] = [];
  const openAnother = () => {
    const pool = openDb({ url: database.url, name: 'audit test' });
    pools.push(pool);
    return pool;
  };
  const db = openAnother();
  return {
    db,
    openAnother,
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool.close()));
      await database[Symbol.asyncDispose]();
    },
  };
}
