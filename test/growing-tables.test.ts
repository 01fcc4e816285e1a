// What runs in the background, or at a start, must cost the same however many accounts, sessions and events there are: it
// finds what it is about by an index, or by pages.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { type Db, openDb } from '@sallyport/postgres';
import { countScans, findScanned } from '../bench/growth/count-scans.ts';
import { seedDatabase } from '../bench/seed/seed-database.ts';
import { forgetSeen } from '../gateway/audit/store/outbox.ts';
import { dropPartitions } from '../gateway/audit/store/retention.ts';
import { forgetSessions } from '../gateway/store/sessions.ts';
import { acknowledge } from '../packages/audit/record/outbox.ts';
import { findStrangeKeys } from '../services/otp/store/keys.ts';
import { countCosts, findHashKinds } from '../services/users/store/hash-kinds.ts';
import { generateKeys } from '../supervisor/generate-keys.ts';
import { databaseMissing } from './support/database.ts';
import { createMigratedDatabase } from './support/migrated-database.ts';
import { until } from './support/until.ts';

/** Of a few pages PostgreSQL reads all: so there are more of those that the seed makes few of. */
const more = `
  insert into gateway.audit_seen (source, event_id, digest)
    select 'otp', gen_random_uuid(), sha256('') from generate_series(1, 60000);
  insert into users.outbox (event_id, body, acknowledged_at)
    select gen_random_uuid(), repeat('x', 600), clock_timestamp() from generate_series(1, 5000);
  insert into otp.outbox (event_id, body, acknowledged_at)
    select gen_random_uuid(), repeat('x', 600), clock_timestamp() from generate_series(1, 5000);`;
const amounts = { accounts: 4_000, sessions: 4_000, events: 1_000 };

suite('growing tables', { skip: databaseMissing }, () => {
  test('are read in sequence by nothing that runs again and again, or at a start', async () => {
    await using database = await createMigratedDatabase();
    const { signal } = new AbortController();
    await seedDatabase(
      {
        ...amounts,
        databaseUrl: database.url,
        keys: generateKeys(),
        publicUrl: 'http://gateway.test',
        cost: 4,
        signal,
      },
      () => undefined,
    );
    await using opened = new AsyncDisposableStack();
    const watch = opened.adopt(openDb({ url: database.url, name: 'watch', max: 1 }), (it) => it.close());
    const filling = await openFree(database.url);
    await filling.script(more);
    // It reads in sequence what an index of ranges sums up.
    await filling.script('vacuum analyze');
    await closeTold(filling, watch, 'audit_quarantine');
    const before = await countScans(watch);

    const db = await openFree(database.url);
    await forgetSessions(db);
    await forgetSeen(db);
    await dropPartitions(db);
    for (const schema of ['users', 'otp'] as const)
      await acknowledge(db, schema, ['00000000-0000-4000-8000-000000000000']);
    assert.deepEqual(await findHashKinds(db), [{ pepperId: 'k1', cost: 4 }]);
    assert.equal((await countCosts(db)).length, 1);
    assert.deepEqual(await findStrangeKeys(db, new Map([['k1', randomBytes(32)]])), []);
    await closeTold(db, watch, 'lease');
    assert.deepEqual(findScanned(before, await countScans(watch)), {});
  });
});

/** A connection on which PostgreSQL avoids nothing, so that it reads in sequence what no index serves well. */
async function openFree(url: string): Promise<Db> {
  const db = openDb({ url, name: 'test', max: 1 });
  await db.script('set enable_seqscan = on');
  return db;
}

/** Closes once PostgreSQL has told of all that was read: it tells of a connection at once, so that of the last read is enough. */
async function closeTold(db: Db, watch: Db, lastRead: string): Promise<void> {
  await db.query(`select from gateway.${lastRead}`);
  await db.close();
  const told = 'select from pg_stat_user_tables where relid = $1::regclass and seq_scan > 0';
  await until('what was read is told', async () => (await watch.query(told, [`gateway.${lastRead}`])).length === 1);
}
