// A connection plans each statement once, and on a new installation while tables are still small: that plan must serve as
// well once they have grown. So what logins send is sent again, on a connection of the parts' kind and rolled back each time,
// before and after thousands of rows were added.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, openDb } from '@sallyport/postgres';
import pg from 'pg';
import { countScans, findScanned, type Scans } from '../bench/growth/count-scans.ts';
import { databaseMissing } from './support/database.ts';
import { expect, logIn, nextCode, signUpWithFactor, tokensOf } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

type Sent = { name: string; text: string; values: unknown[] };

const newRows = 3_000;

/** What stands in the columns of new rows that are otherwise like those there. */
const growth: Record<string, string[]> = {
  'users.account': ['id', 'username'],
  'users.outbox': ['event_id'],
  'otp.factor': ['user_id'],
  'otp.lane': ['user_id'],
  'otp.recovery_set': ['user_id', 'set_id'],
  'otp.recovery_code': ['set_id'],
  'otp.outbox': ['event_id'],
  'gateway.subject': ['user_id'],
  'gateway.session': ['id', 'user_id', 'challenge_hash'],
  'gateway.device': ['id', 'user_id'],
  'gateway.audit_seen': ['event_id'],
  'gateway.audit_log': ['event_id'],
  'gateway.audit_personal': [],
};

/** The prepared statements of all parts, which run in this process, while `play` goes on. */
async function record(play: () => Promise<void>): Promise<Sent[]> {
  const { query } = pg.Client.prototype;
  const sent = new Map<string, Sent>();
  pg.Client.prototype.query = function record(this: pg.Client, ...given: unknown[]) {
    const [statement] = given as [Partial<Sent>];
    if (statement.name && statement.text && statement.values) sent.set(statement.name, statement as Sent);
    return (query as (...all: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  try {
    await play();
  } finally {
    pg.Client.prototype.query = query;
  }
  return [...sent.values()];
}

async function playLogins(stack: Stack): Promise<void> {
  const ada = await signUpWithFactor(stack);
  await logIn(stack, ada);
  const { username, password, deviceToken: device_token } = ada;
  const known = expect(200, await stack.api('POST', '/login', { body: { username, password, device_token } }));
  const body = { challenge: known.body.challenge, otp: nextCode(stack, ada), device_token };
  Object.assign(ada, tokensOf(expect(200, await stack.api('POST', '/login/otp', { body }))));
  const refresh = { refresh_token: ada.refreshToken };
  Object.assign(ada, tokensOf(expect(200, await stack.api('POST', '/token/refresh', { body: refresh }))));
  expect(200, await stack.api('GET', '/verify', { token: ada.accessToken }));
  expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
}

/** Entries of indexes that were read, by table: one that is read from end to end tells on itself too. */
async function countEntries({ sql }: Stack): Promise<Scans> {
  const rows = await sql<{ name: string; read: number }>(
    `select case when relname like 'audit_log%' then 'gateway.audit_log' else schemaname || '.' || relname end as name,
       sum(idx_tup_read)::int as read
     from pg_stat_user_indexes group by 1`,
  );
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]));
}

/** Each as if it had never run; what one answers the second time changes nothing in its plan. */
async function runAgain(db: Db, sent: readonly Sent[]): Promise<void> {
  const undo = new Error('undo');
  for (const { text, values } of sent) {
    const run = db.transaction(async (tx) => {
      await tx.query(text, values).catch(() => undefined);
      throw undo;
    });
    await run.catch((error: unknown) => assert.equal(error, undo));
  }
}

async function grow(db: Db): Promise<void> {
  // Whoever a row belongs to isn't there.
  await db.script('set session_replication_role = replica');
  for (const [table, columns] of Object.entries(growth)) {
    const fresh = columns.map((column) => `'${column}', gen_random_uuid(), `).join('');
    await db.script(
      `insert into ${table} overriding system value
       select (jsonb_populate_record(one.row, jsonb_build_object(${fresh}'ins', at, 'sequence', at))).*
       from (select each as row from ${table} each limit 1) one, generate_series(1000, ${1_000 + newRows}) at`,
    );
  }
}

/** Closes, and waits until PostgreSQL has told what was read: all at once, with a table that nobody else has read. */
async function closeTold(db: Db, { sql }: Stack, table: string): Promise<void> {
  await db.script(`create table ${table} (); select from ${table}`);
  await db.close();
  const readings = 'select from pg_stat_user_tables where relname = $1 and seq_scan > 0';
  await until('PostgreSQL tells what was read', async () => (await sql(readings, [table])).length === 1);
}

test('statements of logins are planned once, and read no table from end to end', {
  skip: databaseMissing,
}, async () => {
  await using stack = await startStack();
  // What parts ask at a start is of another kind: growing-tables.test.ts.
  await playLogins(stack);
  const sent = await record(() => playLogins(stack));
  assert.ok(sent.length > 15, `${sent.length} statements`);
  const [db, filling] = ['db', 'filling'].map((name) => openDb({ url: stack.databaseUrl, name, max: 1 })) as [Db, Db];
  // PostgreSQL knows that tables are small: of one it doesn't know it expects ten pages.
  await filling.script('analyze');
  await runAgain(db, sent);
  await grow(filling);
  await closeTold(filling, stack, 'filled');
  const before = await countScans({ query: stack.sql });
  await runAgain(db, sent);
  const plans = `select statement, custom_plans from pg_prepared_statements where custom_plans > 0`;
  assert.deepEqual(await db.query(plans), [], 'planned again');
  // A plan for any values looks dear enough to be compiled at each call.
  assert.deepEqual(await db.query(`select current_setting('jit') as jit`), [{ jit: 'off' }]);
  // Of a few rows an index may be read as a whole; PostgreSQL plans anew once it knows of more, which it looks for itself.
  await stack.sql('analyze');
  await runAgain(db, [{ name: '', text: 'select pg_stat_force_next_flush()', values: [] }]);
  const entriesBefore = await countEntries(stack);
  await runAgain(db, sent);
  await closeTold(db, stack, 'looked');
  // The parts run on, and tell late what they read while there were a few rows.
  const scanned = findScanned(before, await countScans({ query: stack.sql }));
  const entries = findScanned(entriesBefore, await countEntries(stack));
  const tooMany = (read: Scans) => Object.entries(read).filter(([table, rows]) => table in growth && rows >= newRows);
  assert.deepEqual([tooMany(scanned), tooMany(entries)], [[], []]);
});
