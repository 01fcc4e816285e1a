export { type Db, openDb, type Queryable } from './db.ts';
export { type Migrations, migrate } from './migrate.ts';
export { requireMigrated } from './require-migrated.ts';
