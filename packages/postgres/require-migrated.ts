import type { Db } from './db.ts';
import { type Migrations, pendingMigrations } from './migrate.ts';
import { placeOf } from './place-of.ts';
import { reasonOf } from './reason-of.ts';

/** A database that is there and too busy to answer is asked again for so long; whoever starts the part would do the same. */
const patienceMs = 10_000;

/**
 * What a part asks of its database before it serves.
 * @throws Error with one clear sentence, never a password, when the database is away or not up to date
 */
export async function requireMigrated(
  db: Db,
  part: { name: string; url: string; migrations: Migrations },
): Promise<void> {
  const { name, url, migrations } = part;
  const pending = await askPatiently(() => pendingMigrations(db, migrations)).catch((error: unknown) => {
    throw new Error(`${name}: the database at ${placeOf(url)} can't be used: ${reasonOf(error)}`);
  });
  if (pending.length > 0) {
    throw new Error(`${name}: the database lacks migrations (${pending.join(', ')}); run: npm run migrate`);
  }
}

async function askPatiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (const late = performance.now() + patienceMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!/timeout/i.test(reasonOf(error)) || performance.now() > late) throw error;
    }
  }
}
