import { openDb } from '@sallyport/postgres';
import type { Keys } from '../../supervisor/generate-keys.ts';
import { fillAccounts } from './fill-accounts.ts';
import { fillLog } from './fill-log.ts';
import { fillSessions } from './fill-sessions.ts';
import { createPace } from './pace.ts';
import { createPeople } from './people.ts';

export interface SeedOptions {
  /** Migrated, and empty. */
  databaseUrl: string;
  keys: Pick<Keys, 'PASSWORD_PEPPERS' | 'OTP_ENCRYPTION_KEYS' | 'AUDIT_SIGNING_KEYS'>;
  /** The address that the gateway will go by: events name it. */
  publicUrl: string;
  accounts: number;
  sessions: number;
  events: number;
  cost: number;
  signal: AbortSignal;
}

export interface Seeded {
  accountsPerSecond: number;
  sessionsPerSecond: number;
  eventsPerSecond: number;
}

const deadlineMs = 900_000;
const connections = 6;

/** @throws Error with one sentence where somebody has been there before */
export async function seedDatabase(options: SeedOptions, tell: (message: string) => void): Promise<Seeded> {
  const people = createPeople(options.keys);
  const { accounts, sessions, events } = options;
  const db = openDb({
    url: await withoutChecks(options.databaseUrl),
    name: 'sallyport-seed',
    max: connections,
    deadlineMs,
  });
  try {
    // All are made now: a connection has no long time, and soon this process has no time for one.
    await Promise.all(Array.from({ length: connections }, () => db.query('select pg_sleep(0.1)')));
    const [there] = await db.query<{ accounts: boolean; events: boolean }>(
      `select exists (select from users.account) or exists (select from gateway.subject) as accounts,
         (select sequence > 0 from gateway.audit_head) or exists (select from gateway.outbox) as events`,
    );
    if (there?.accounts || there?.events) {
      throw new Error(
        `this database has ${there.accounts ? 'accounts' : 'events'} already: seed fills an empty one only`,
      );
    }
    const paced = async (what: string, count: number, fill: (tellDone: (done: number) => void) => Promise<void>) => {
      const pace = createPace(what, count, tell);
      if (count > 0) await fill(pace.tell);
      return pace.end();
    };
    const log = { ...options, signingKeys: options.keys.AUDIT_SIGNING_KEYS, count: events };
    const fillTables = async () => [
      await paced('accounts', accounts, (done) => fillAccounts(db, people, { ...options, count: accounts }, done)),
      await paced('sessions', sessions, (done) => fillSessions(db, people, { ...options, count: sessions }, done)),
    ];
    // At once: the log is made here while PostgreSQL sorts accounts in.
    const [[accountsPerSecond = 0, sessionsPerSecond = 0], eventsPerSecond] = await Promise.all([
      fillTables(),
      paced('events', events, (done) => fillLog(db, people, log, done)),
    ]);
    tell('vacuum and analyze, as a server does by itself in time');
    await db.query('vacuum analyze');
    return { accountsPerSecond, sessionsPerSecond, eventsPerSecond };
  } finally {
    await db.close();
  }
}

/** Foreign keys aren't looked up row by row, nor is each page waited for on the disk, where the user may say so. */
async function withoutChecks(databaseUrl: string): Promise<string> {
  const db = openDb({ url: databaseUrl, name: 'sallyport-seed', max: 1 });
  try {
    const [is] = await db.query<{ superuser: boolean }>(`select current_setting('is_superuser')::boolean as superuser`);
    const url = new URL(databaseUrl);
    const unchecked = is?.superuser ? ' -c session_replication_role=replica' : '';
    url.searchParams.set('options', `-c synchronous_commit=off${unchecked}`);
    return url.href;
  } finally {
    await db.close();
  }
}
