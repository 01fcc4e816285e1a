import { Unavailable } from '@sallyport/contracts';
import { type Db, pendingMigrations } from '@sallyport/postgres';
import { usersMigrations } from '../migrations.ts';

/** @throws Error with one clear sentence, never a password, when the database is away or not up to date */
export async function requireDatabase(db: Db, url: string): Promise<void> {
  try {
    await db.query('select 1');
  } catch (error) {
    const { hostname, port, pathname } = new URL(url);
    const place = `${hostname || 'localhost'}:${port || 5432}${pathname}`;
    throw new Error(`users: the database at ${place} can't be reached: ${reasonOf(error)}`);
  }
  const pending = await pendingMigrations(db, usersMigrations);
  if (pending.length > 0) {
    throw new Error(`users: the database lacks migrations (${pending.join(', ')}); run: npm run migrate`);
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Unavailable ? error.cause : error;
  if (!(cause instanceof Error)) return 'it does not answer';
  return cause.message || ('code' in cause ? String(cause.code) : 'it does not answer');
}
