import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { KeyRing, readConfig } from '@sallyport/config';
import { type Db, migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { OtpConfig } from './config.ts';
import { fingerprintOf } from './domain/check-keys.ts';
import { reencrypt } from './domain/reencrypt.ts';
import { factorBinding, open, recoverySetBinding } from './domain/sealed.ts';
import { otpMigrations } from './migrations.ts';
import { startOtp } from './start-otp.ts';
import { registerKey } from './store/keys.ts';
import { listSealed, type SealedRow, sealedTables } from './store/sealed-rows.ts';
import { fillSealed } from './testing/fill-sealed.ts';
import { createOwner, type Owner, ownerOf, startEnrolment, tally, times } from './testing/owner.ts';
import { startTestOtp, testKeys } from './testing/start-test-otp.ts';

const skip = databaseMissing;
const key = (id: string, fill: number) => ({ id, bytes: Buffer.alloc(32, fill) });
const before = new KeyRing([key('k1', 1)]);
const ring = new KeyRing([key('k2', 2), key('k1', 1)]);
const after = new KeyRing([key('k2', 2)]);
const firstId = '00000000-0000-0000-0000-000000000000';

/** otp's schema, as after step 2 of a rotation: k1 in all rows, k2 known. */
async function openRotated() {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await createTestDatabase());
  const db = opened.adopt(openDb({ url, name: 'test', max: 4 }), (it) => it.close());
  await migrate(db, otpMigrations);
  for (const { id, bytes } of ring.keys) await registerKey(db, id, { fingerprint: fingerprintOf(bytes), writes: true });
  const kept = opened.move();
  return { db, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function run(db: Db, more: Partial<Parameters<typeof reencrypt>[0]> = {}) {
  const unreadable: string[] = [];
  const progress: string[] = [];
  const done = reencrypt({
    db,
    keys: ring,
    randomBytes,
    onProgress: (moved, total) => progress.push(`${moved}/${total}`),
    onUnreadable: (table, row) => unreadable.push(`${table} ${row.userId} ${row.sealed.keyId}`),
    ...more,
  });
  return done.then((result) => ({ result, unreadable, progress }));
}

/** The same database, where something happens between reading a batch and writing it. */
const withBetween = (db: Db, between: () => Promise<void>): Db => ({
  ...db,
  query: async (text, values) => {
    if (text.includes('unnest($1::uuid[], $2::text[]')) await between();
    return db.query(text, values);
  },
});

const opens = (keys: KeyRing, table: string, { userId, id, sealed }: SealedRow) =>
  open(keys, sealed, (table === 'recovery_set' ? recoverySetBinding : factorBinding)(userId, id));

test('moves 2,400 rows in batches, every secret as it was, and each opens with the new key alone', {
  skip,
}, async () => {
  await using rotated = await openRotated();
  const { db } = rotated;
  await fillSealed(db, before, 1_200);
  const read = async (keys: KeyRing) => {
    const secrets = new Map<string, string | undefined>();
    for (const table of sealedTables) {
      const rows = await listSealed(db, { table, keyId: keys.current.id }, firstId, 10_000);
      for (const row of rows) secrets.set(`${table} ${row.userId}`, opens(keys, table, row)?.toString('hex'));
    }
    return secrets;
  };
  const secrets = await read(before);
  assert.equal(secrets.size, 2_400);
  const { result, progress } = await run(db);
  assert.deepEqual(result, { outcome: 'ended', moved: 2_400, unreadable: 0, left: 0 });
  assert.deepEqual(progress.slice(0, 2), ['200/2400', '400/2400']);
  assert.equal(progress.at(-1), '2400/2400');
  assert.deepEqual(await read(after), secrets);
  assert.deepEqual((await run(db)).result, { outcome: 'ended', moved: 0, unreadable: 0, left: 0 });
});

test('goes through every table of otp that names keys', { skip }, async () => {
  await using rotated = await openRotated();
  const rows = await rotated.db.query<{ name: string }>(
    "select table_name as name from information_schema.columns where table_schema = 'otp' and column_name = 'key_id'",
  );
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...sealedTables].sort());
});

test('never overwrites what changed after it was read, whoever changed it', { skip }, async () => {
  await using rotated = await openRotated();
  const { db } = rotated;
  const [replaced = '', removed = '', kept = ''] = await fillSealed(db, before, 3);
  let changed = false;
  const between = async () => {
    if (changed) return;
    changed = true;
    // The owner enrolled anew, another one disabled, and a second run was faster.
    await db.query(
      `update otp.factor set enrolment_id = gen_random_uuid(), key_id = 'k2', ciphertext = 'new' where user_id = $1`,
      [replaced],
    );
    await db.query(
      `update otp.factor set active = false, enrolment_id = null, key_id = null, nonce = null, ciphertext = null
       where user_id = $1`,
      [removed],
    );
    await run(db);
  };
  const find = () => db.query('select user_id, key_id, nonce, ciphertext from otp.factor order by user_id');
  const { result } = await run(withBetween(db, between));
  const rows = await find();
  assert.deepEqual(result, { outcome: 'ended', moved: 0, unreadable: 0, left: 0 });
  assert.deepEqual((rows[0] as { ciphertext: Buffer }).ciphertext.toString(), 'new');
  assert.deepEqual(rows[1], { user_id: removed, key_id: null, nonce: null, ciphertext: null });
  const [last] = (await listSealed(db, { table: 'factor', keyId: 'k2' }, removed, 1)) as [SealedRow];
  assert.equal(last.userId, kept);
  assert.ok(opens(after, 'factor', last));
});

test('two runs at once move each row once', { skip }, async () => {
  await using rotated = await openRotated();
  const { db } = rotated;
  await fillSealed(db, before, 400);
  const runs = await Promise.all([run(db, { batchRows: 7 }), run(db, { batchRows: 11 })]);
  const moved = runs.reduce((sum, { result }) => sum + (result.outcome === 'ended' ? result.moved : 0), 0);
  assert.equal(moved, 800);
  assert.ok(runs.some(({ result }) => result.outcome === 'ended' && result.left === 0));
});

test('moves beside accounts that enrol, use codes, get new recovery codes and disable', { skip }, async () => {
  await using service = await startTestOtp();
  const owners: Owner[] = [];
  for (let at = 0; at < 8; at += 1) owners.push(await createOwner(service));
  await fillSealed(service.db, before, 300);
  const env = { ...service.env, OTP_ENCRYPTION_KEYS: `k2:${Buffer.alloc(32, 2).toString('base64')},${testKeys}` };
  const options = { now: () => service.clock.nowMs, databaseNow: async () => service.clock.nowMs };
  await using second = new AsyncDisposableStack();
  const rotated = await startOtp(readConfig(OtpConfig, env), { ...options, redisPrefix: service.redisPrefix });
  second.defer(() => rotated.close());
  const { url } = service.part;
  // The old instance still writes k1, the new one k2.
  await times(8, () => startEnrolment(service, crypto.randomUUID()));
  service.part.url = rotated.url;
  let running = true;
  const moves = (async () => {
    while (running) await run(service.db, { batchRows: 3 });
  })();
  const used = await times(8, async (at) => {
    const owner = owners[at] as Owner;
    const outcomes = [await owner.use(owner.code(-1))];
    if (at % 4 === 0) outcomes.push(await owner.use(owner.code(), {}, '/factors/disable'));
    if (at % 4 === 1) outcomes.push(await owner.use(owner.code(), {}, '/recovery_codes'));
    if (at % 4 === 2) outcomes.push(await owner.useRecovery(owner.recoveryCodes[0] ?? ''));
    if (at % 4 === 3) {
      const id = crypto.randomUUID();
      const { secret } = await startEnrolment(service, id);
      const fresh = ownerOf(service, id, secret, []);
      const body = { user_id: id, attempt_id: id, otp: fresh.code(-1) };
      assert.equal((await service.post('/enrolments/confirm', body)).body.outcome, 'confirmed');
      outcomes.push(await fresh.use(fresh.code()));
    }
    return outcomes;
  });
  running = false;
  await moves;
  service.part.url = url;
  assert.deepEqual(tally(used.flat()), { accepted: 12, disabled: 2, regenerated: 2 });
  const { result, unreadable } = await run(service.db);
  assert.deepEqual([result.outcome === 'ended' && result.left, unreadable], [0, []]);
  for (const table of sealedTables) {
    const rows = await listSealed(service.db, { table, keyId: 'k2' }, firstId, 100);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.ok(opens(after, table, row), `${table} ${row.userId}`);
  }
});

test('a row that no key opens is named, left as it is, and no row is on old keys but it', { skip }, async () => {
  await using rotated = await openRotated();
  const { db } = rotated;
  const [lost = '', other = ''] = await fillSealed(db, before, 50);
  await db.query(
    'update otp.factor a set ciphertext = b.ciphertext from otp.factor b where a.user_id = $1 and b.user_id = $2',
    [lost, other],
  );
  const find = () => db.query('select * from otp.factor where user_id = $1', [lost]);
  const was = await find();
  const { result, unreadable } = await run(db);
  assert.deepEqual(result, { outcome: 'ended', moved: 99, unreadable: 1, left: 1 });
  assert.deepEqual(unreadable, [`factor ${lost} k1`]);
  assert.deepEqual(await find(), was);
});

test('lapsed enrolments go, pending ones move', { skip }, async () => {
  await using service = await startTestOtp();
  const [lapsed, pending] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const id of [lapsed, pending]) await startEnrolment(service, id);
  await service.db.query("update otp.enrolment set expires_at = now() - interval '1 s' where user_id = $1", [lapsed]);
  await registerKey(service.db, 'k2', { fingerprint: fingerprintOf(key('k2', 2).bytes), writes: true });
  assert.deepEqual((await run(service.db)).result, { outcome: 'ended', moved: 1, unreadable: 0, left: 0 });
  const rows = await service.db.query('select user_id, key_id from otp.enrolment');
  assert.deepEqual(rows, [{ user_id: pending, key_id: 'k2' }]);
});

test('refuses a ring that lacks a key, or begins with one that no otp has started with in front', {
  skip,
}, async () => {
  await using rotated = await openRotated();
  const { db } = rotated;
  await fillSealed(db, before, 1);
  const faultOf = async (keys: KeyRing) => {
    const { result } = await run(db, { keys });
    return result.outcome === 'refused' ? result.fault : result.outcome;
  };
  assert.match(await faultOf(after), /lacks keys that the database needs: k1 \(2 rows\)/);
  const [third, other] = [new KeyRing([key('k3', 3), key('k1', 1)]), new KeyRing([key('k2', 3), key('k1', 1)])];
  assert.match(await faultOf(third), /begins with k3, which otp doesn't write with yet: restart every instance/);
  await registerKey(db, 'k3', { fingerprint: fingerprintOf(key('k3', 3).bytes), writes: false });
  assert.match(await faultOf(third), /begins with k3, which otp doesn't write with yet/);
  assert.match(await faultOf(other), /begins with k2, which otp has as other bytes/);
  assert.equal((await listSealed(db, { table: 'factor', keyId: 'k1' }, firstId, 9)).length, 1);
});
