export { databaseNow } from './database-now.ts';
export { type Db, openDb, type Queryable } from './db.ts';
export { deletePages } from './delete-pages.ts';
export { type Migrations, migrate, pendingMigrations } from './migrate.ts';
export { placeOf } from './place-of.ts';
export { reasonOf } from './reason-of.ts';
export { requireMigrated } from './require-migrated.ts';
export { joinTexts, textList } from './text-list.ts';
export { warnOfSettings } from './warn-of-settings.ts';
