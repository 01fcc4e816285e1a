export { databaseNow } from './database-now.ts';
export { type Db, openDb, type Queryable } from './db.ts';
export { deletePages } from './delete-pages.ts';
export { findRiskySettings } from './find-risky-settings.ts';
export { type Migrations, migrate } from './migrate.ts';
export { requireMigrated } from './require-migrated.ts';
