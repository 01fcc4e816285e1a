import { Unavailable } from '@sallyport/contracts';
import type { Db } from './db.ts';
import { type Migrations, pendingMigrations } from './migrate.ts';

/**
 * What a part asks of its database before it serves.
 * @throws Error with one clear sentence, never a password, when the database is away or not up to date
 */
export async function requireMigrated(
  db: Db,
  part: { name: string; url: string; migrations: Migrations },
): Promise<void> {
  const { name, url, migrations } = part;
  const pending = await pendingMigrations(db, migrations).catch((error: unknown) => {
    throw new Error(`${name}: the database at ${placeOf(url)} can't be used: ${reasonOf(error)}`);
  });
  if (pending.length > 0) {
    throw new Error(`${name}: the database lacks migrations (${pending.join(', ')}); run: npm run migrate`);
  }
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}:${port || 5432}${pathname}`;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Unavailable ? error.cause : error;
  if (!(cause instanceof Error)) return 'it does not answer';
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause.message || ('code' in cause ? String(cause.code) : 'it does not answer');
}
