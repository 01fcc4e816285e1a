// A database with the schemas of all parts. The suite makes one of them before its first test, and each further one is a
// copy of it (TEST_DATABASE_TEMPLATE): that costs half of running the migrations. Without one they run here.
import { migrate, openDb } from '@sallyport/postgres';
import { gatewayMigrations } from '../../gateway/migrations.ts';
import { otpMigrations } from '../../services/otp/migrations.ts';
import { usersMigrations } from '../../services/users/migrations.ts';
import { createTestDatabase, runOn, type TestDatabase } from './database.ts';

const drawLimitKey = `update gateway.limit_key
  set key = sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))`;

export async function createMigratedDatabase(): Promise<TestDatabase> {
  await using opened = new AsyncDisposableStack();
  const template = process.env.TEST_DATABASE_TEMPLATE;
  const { url } = opened.use(await createTestDatabase({ template }));
  // What every installation draws for itself: two of one key would share their counts in Redis.
  if (template) await runOn(url, drawLimitKey);
  else await migrateAll(url);
  const kept = opened.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What `createMigratedDatabase` copies, on this server; `variables` tell it so. */
export async function createTemplate(server: string): Promise<TestDatabase & { variables: Record<string, string> }> {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await createTestDatabase({ server }));
  await migrateAll(url);
  const kept = opened.move();
  const variables = { TEST_DATABASE_TEMPLATE: new URL(url).pathname.slice(1) };
  return { url, variables, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export async function migrateAll(url: string): Promise<void> {
  const db = openDb({ url, name: 'test', max: 1 });
  try {
    for (const part of [usersMigrations, otpMigrations, gatewayMigrations]) await migrate(db, part);
  } finally {
    await db.close();
  }
}
