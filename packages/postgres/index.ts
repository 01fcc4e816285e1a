export { type Db, openDb, type Queryable } from './db.ts';
export { type Migrations, migrate, pendingMigrations } from './migrate.ts';
