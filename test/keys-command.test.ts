// `npm run keys` against the databases whose rows name keys: step 3 takes no key out that a row needs (promise 7).
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Key, KeyRing } from '@sallyport/config';
import { type Db, openDb } from '@sallyport/postgres';
import { fingerprintOf } from '../services/otp/domain/check-keys.ts';
import { registerKey } from '../services/otp/store/keys.ts';
import { fillSealed } from '../services/otp/testing/fill-sealed.ts';
import { startEmbeddedPostgres } from '../supervisor/embedded-postgres.ts';
import { generateKeys } from '../supervisor/generate-keys.ts';
import { openKeys } from '../supervisor/keys.ts';
import { migrateAll } from '../supervisor/migrations.ts';
import { createTestDatabase, databaseMissing } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';

const reencrypt = 'supervisor/reencrypt.ts';

async function runKeys(args: string[], env: Record<string, string> = {}) {
  const { code, output, log } = await runCommand('supervisor/manage-keys.ts', args, env).ended;
  return { code, said: `${output}${log}` };
}

/** What otp does at its start, and accounts that have enrolled. */
async function fill(db: Db, ring: string, accounts: number): Promise<void> {
  const keys = ring.split(',').map((entry): Key => {
    const [id = '', base64 = ''] = entry.split(':');
    return { id, bytes: Buffer.from(base64, 'base64') };
  });
  for (const [at, { id, bytes }] of keys.entries()) {
    await registerKey(db, id, { fingerprint: fingerprintOf(bytes), writes: at === 0 });
  }
  await fillSealed(db, new KeyRing(keys as [Key]), accounts);
}

suite('over a database of ours', { skip: databaseMissing }, () => {
  const opened = new AsyncDisposableStack();
  let db: Db;
  let url: string;
  let file: string;
  const ringIn = async (name: string) =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(await readFile(file, 'utf8'))?.[1] ?? '';
  const rotate = (name: string, ...more: string[]) => runKeys(['rotate', name, '--env', file, ...more]);
  before(async () => {
    ({ url } = opened.use(await createTestDatabase()));
    const folder = await mkdtemp(join(tmpdir(), 'keys-command-'));
    opened.defer(() => rm(folder, { recursive: true }));
    file = join(folder, '.env');
    await migrateAll(url);
    db = opened.adopt(openDb({ url, name: 'test', max: 1 }), (it) => it.close());
    const keys = Object.entries(generateKeys()).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, `# kept\n${keys.join('')}DATABASE_URL=${url}\n`);
  });
  after(() => opened.disposeAsync());

  test('an encryption key stays while a row needs it, and goes when all are moved', async () => {
    const name = 'OTP_ENCRYPTION_KEYS';
    const old = await ringIn(name);
    await fill(db, old, 2);
    assert.match((await rotate(name)).said, /step 1 of 3 is done.*\nRestart every instance of otp now/);
    await fill(db, await ringIn(name), 1);
    const second = await rotate(name);
    assert.match(second.said, /step 2 of 3 is done.*\n.*\nThen step 3.*when npm run otp:reencrypt has ended/);
    const ring = await ringIn(name);
    const refused = { code: 1, said: `${name}: 6 rows need k1, so it stays: npm run otp:reencrypt moves them.\n` };
    assert.deepEqual(await rotate(name), refused);
    assert.deepEqual(await rotate(name, '--force'), refused);
    assert.equal(await ringIn(name), ring);
    await fill(db, ring, 0);
    assert.equal((await runCommand(reencrypt, ['--env', file]).ended).code, 0);
    const third = await rotate(name);
    assert.equal(third.code, 0, third.said);
    assert.equal(await ringIn(name), ring.split(',')[0]);
    assert.match(await readFile(file, 'utf8'), /^# kept\n/);
  });

  test('a pepper stays while a hash needs it', async () => {
    const name = 'PASSWORD_PEPPERS';
    await db.query(
      `insert into users.account (id, username, password_hash, pepper_id) values (gen_random_uuid(), 'ada', $1, 'k1')`,
      [`$2b$04$${'.'.repeat(53)}`],
    );
    for (const step of [1, 2]) assert.match((await rotate(name)).said, new RegExp(`step ${step} of 3 is done`));
    const { code, said } = await rotate(name);
    assert.equal(code, 1);
    assert.match(
      said,
      /^PASSWORD_PEPPERS: 1 row needs k1, so it stays: each is made anew at its owner's next login\.$/m,
    );
    await db.query("update users.account set pepper_id = 'k2'");
    assert.equal((await rotate(name)).code, 0);
    assert.match(await ringIn(name), /^k2:[^,]+$/);
  });

  test('where rows can not be counted no key goes, unless forced; other rings need no database', async () => {
    await writeFile(file, (await readFile(file, 'utf8')).replace(url, 'postgres://127.0.0.1:1/none'));
    for (const name of ['PASSWORD_PEPPERS', 'TOKEN_SIGNING_KEYS']) for (const _ of [1, 2]) await rotate(name);
    const { code, said } = await rotate('PASSWORD_PEPPERS');
    assert.equal(code, 1);
    assert.match(said, /the rows that need k2 can't be counted/);
    const forced = await rotate('PASSWORD_PEPPERS', '--force');
    assert.equal(forced.code, 0);
    assert.match(forced.said, /^Warning: k2 is taken out uncounted/m);
    assert.equal((await rotate('TOKEN_SIGNING_KEYS')).code, 0);
  });
});

test('step 3 and re-encryption reach the database of a running npm start through DATA_DIR', async () => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'keys-command-'));
  opened.defer(() => rm(folder, { recursive: true }));
  const { POSTGRES_PASSWORD: password, OTP_ENCRYPTION_KEYS: old } = await openKeys(folder);
  const options = { folder: join(folder, 'postgres'), password, durable: false };
  const server = opened.adopt(await startEmbeddedPostgres(options), (it) => it.close());
  await migrateAll(server.url);
  const db = opened.adopt(openDb({ url: server.url, name: 'test', max: 1 }), (it) => it.close());
  await fill(db, old, 3);
  const env = { DATA_DIR: folder };
  const rotate = () => runKeys(['rotate', 'OTP_ENCRYPTION_KEYS'], env);
  await rotate();
  await rotate();
  const { OTP_ENCRYPTION_KEYS: ring } = await openKeys(folder);
  const refused = await rotate();
  assert.match(refused.said, /^OTP_ENCRYPTION_KEYS: 6 rows need k1, so it stays/);
  const early = await runCommand(reencrypt, [], env).ended;
  assert.deepEqual([early.code, early.output], [1, '']);
  assert.match(early.log, /begins with k2, which otp doesn't write with yet: restart every instance of otp/);
  const [newest = ''] = ring.split(',');
  await fill(db, newest, 1);
  const moved = await runCommand(reencrypt, [], env).ended;
  assert.deepEqual(moved, { code: 0, output: '6 rows moved to k2\n0 rows on the old keys\n', log: '' });
  assert.equal((await rotate()).code, 0);
  assert.equal((await openKeys(folder)).OTP_ENCRYPTION_KEYS, newest);
});
