// `npm run otp:reencrypt` as an operator runs it: killed and run again, and what it says in the end.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeyRing } from '@sallyport/config';
import { migrate, openDb } from '@sallyport/postgres';
import pg from 'pg';
import { fingerprintOf } from '../services/otp/domain/check-keys.ts';
import { otpMigrations } from '../services/otp/migrations.ts';
import { registerKey } from '../services/otp/store/keys.ts';
import { fillSealed } from '../services/otp/testing/fill-sealed.ts';
import { createTestDatabase, databaseMissing } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';
import { until } from './support/until.ts';

const skip = databaseMissing;
const script = 'supervisor/reencrypt.ts';
const [k1, k2] = [
  { id: 'k1', bytes: Buffer.alloc(32, 1) },
  { id: 'k2', bytes: Buffer.alloc(32, 2) },
];
const entry = ({ id, bytes }: typeof k1) => `${id}:${bytes.toString('base64')}`;
const rotated = `${entry(k2)},${entry(k1)}`;

/** otp's schema with accounts under k1, as after step 2 of a rotation. */
async function openRotated(accounts: number) {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await createTestDatabase());
  const db = opened.adopt(openDb({ url, name: 'test', max: 2 }), (it) => it.close());
  await migrate(db, otpMigrations);
  for (const { id, bytes } of [k1, k2]) await registerKey(db, id, { fingerprint: fingerprintOf(bytes), writes: true });
  const ids = await fillSealed(db, new KeyRing([k1]), accounts);
  const env = { DATABASE_URL: url, OTP_ENCRYPTION_KEYS: rotated };
  const countOld = async () => {
    const rows = await db.query(
      "select from otp.factor where key_id = 'k1' union all select from otp.recovery_set where key_id = 'k1'",
    );
    return rows.length;
  };
  const kept = opened.move();
  return { url, db, ids, env, countOld, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

test('killed in the middle and run again, it ends with no row on the old key', { skip }, async () => {
  await using system = await openRotated(1_100);
  const client = new pg.Client({ connectionString: system.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select from otp.factor where user_id = $1 for update', [system.ids[650]]);
    const killed = runCommand(script, [], system.env);
    const isWaiting = () =>
      system.db.query("select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()");
    await until('it waits for the row', async () => (await isWaiting()).length > 0);
    killed.kill();
    assert.equal((await killed.ended).code, null);
  } finally {
    await client.end();
  }
  const left = await system.countOld();
  assert.ok(left > 1_100 && left < 2_200, `${left} rows`);
  const { code, output, log } = await runCommand(script, [], system.env).ended;
  assert.deepEqual({ code, log }, { code: 0, log: '' });
  assert.match(output, /\d+ rows moved to k2\n0 rows on the old keys\n$/);
  assert.equal(await system.countOld(), 0);
  const again = await runCommand(script, [], system.env).ended;
  assert.deepEqual(again, { code: 0, output: '0 rows moved to k2\n0 rows on the old keys\n', log: '' });
});

test('ends with 1 and names what can’t be opened, and never a secret', { skip }, async () => {
  await using system = await openRotated(3);
  const [lost] = system.ids;
  await system.db.query("update otp.recovery_set set nonce = '123456789012' where user_id = $1", [lost]);
  const { code, output, log } = await runCommand(script, [], system.env).ended;
  assert.equal(code, 1);
  assert.equal(output, '5 rows moved to k2\n');
  assert.equal(
    log,
    `otp.recovery_set of account ${lost} can't be opened with k1; it is left as it is\n` +
      "1 row on the old keys: 1 row can't be opened: enrol those accounts anew, or bring back what the rows were.\n",
  );
});

test('takes ring and database from the file that it is given', { skip }, async () => {
  await using system = await openRotated(2);
  const folder = await mkdtemp(join(tmpdir(), 'reencrypt-'));
  try {
    const file = join(folder, '.env');
    await writeFile(file, `OTP_ENCRYPTION_KEYS=${rotated}\n`);
    const lost = await runCommand(script, ['--env', file]).ended;
    assert.equal(lost.code, 1);
    assert.match(lost.log, /^There is no DATABASE_URL, neither in the environment nor in .*\.env\.\n$/);
    await writeFile(file, `OTP_ENCRYPTION_KEYS=${rotated}\nDATABASE_URL=${system.url}\n`);
    const { code, output } = await runCommand(script, ['--env', file]).ended;
    assert.deepEqual({ code, output }, { code: 0, output: '4 rows moved to k2\n0 rows on the old keys\n' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('says in a sentence what it lacks, and no key in it', { skip }, async () => {
  await using system = await openRotated(1);
  const refused = async (env: Record<string, string>, args: string[] = []) => {
    const { code, output, log } = await runCommand(script, args, { ...system.env, ...env }).ended;
    assert.deepEqual([code, output], [1, '']);
    assert.ok(!log.includes(k1.bytes.toString('base64').slice(0, 16)) && !log.includes('    at '), log);
    return log;
  };
  assert.match(await refused({ OTP_ENCRYPTION_KEYS: entry(k2) }), /lacks keys that the database needs: k1/);
  assert.match(await refused({ OTP_ENCRYPTION_KEYS: 'k1:AAAA' }), /OTP_ENCRYPTION_KEYS: each key must be 32 bytes/);
  assert.match(await refused({ DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }), /PostgreSQL at .* can't be reached/);
  assert.match(await refused({ DATABASE_URL: '', DATA_DIR: '/nowhere' }), /There is no DATABASE_URL, and no Sallyport/);
  assert.match(await refused({ OTP_ENCRYPTION_KEYS: '', DATA_DIR: '/nowhere' }), /keys.json can't be read \(ENOENT\)/);
  assert.match(await refused({}, ['--fast']), /The options are --env FILE and --help/);
  assert.equal(await system.countOld(), 2);
  const { code, output } = await runCommand(script, ['--help']).ended;
  assert.equal(code, 0);
  assert.match(output, /^npm run otp:reencrypt .*moves every secret/);
});
