import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, pendingMigrations } from '@sallyport/postgres';
import { gatewayMigrations } from '../gateway/migrations.ts';
import { otpMigrations } from '../services/otp/migrations.ts';
import { usersMigrations } from '../services/users/migrations.ts';
import { StartError } from './start-error.ts';

const parts = { users: usersMigrations, otp: otpMigrations, gateway: gatewayMigrations };
const lookEveryMs = 1_000;

/**
 * Waits until the database has all that a part needs, however long somebody else takes to migrate it or to start it. It
 * reads the part's own schema alone, so that the part's role in the database is enough.
 * @throws StartError when there is no such part, or the database can't become what this version needs
 */
export async function awaitMigrations(db: Db, part: string, tell: (line: string) => void): Promise<void> {
  if (!isPart(part)) throw new StartError(`--wait takes users, otp or gateway, not ${part}.`);
  let told = '';
  for (;;) {
    const state = await stateOf(db, part);
    if (state === undefined) return;
    if (state !== told) tell(`${part} waits: ${state}`);
    told = state;
    await sleep(lookEveryMs);
  }
}

async function stateOf(db: Db, part: keyof typeof parts): Promise<string | undefined> {
  try {
    const pending = await pendingMigrations(db, parts[part]);
    return pending.length > 0 ? `the database lacks ${pending.join(', ')}` : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'Unavailable') return 'PostgreSQL is away';
    throw error;
  }
}

function isPart(name: string): name is keyof typeof parts {
  return name in parts;
}
