import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRedis } from '@sallyport/redis';
import { databaseMissing } from '../../test/support/database.ts';
import { createOwner, type Owner, times } from './testing/owner.ts';
import { startTestOtp, type TestOtp } from './testing/start-test-otp.ts';

const skip = databaseMissing;
const redisUrl = process.env.TEST_REDIS_URL;
const skipRedis = skip || (redisUrl ? false : 'TEST_REDIS_URL is not set');
let service: TestOtp;
before(async () => {
  if (!skip) service = await startTestOtp();
});
after(() => service?.[Symbol.asyncDispose]());

async function assertUnusable(owner: Owner): Promise<void> {
  const answer = await owner.use(owner.code());
  assert.equal(answer.reason, 'wrong-code');
  const { type, data } = JSON.parse(answer.events[0].body);
  assert.deepEqual([type, data.reason], ['sallyport.otp.failed', 'secret-unusable']);
}

test("refuses a row with another account's ciphertext", { skip }, async () => {
  const [ada, bob] = [await createOwner(service), await createOwner(service)];
  await service.db.query(
    `update otp.factor a set enrolment_id = b.enrolment_id, nonce = b.nonce, ciphertext = b.ciphertext
     from otp.factor b where a.user_id = $1 and b.user_id = $2`,
    [ada.id, bob.id],
  );
  await assertUnusable(ada);
  const withBobs = await ada.use(bob.code());
  assert.equal(withBobs.reason, 'wrong-code');
  assert.equal((await bob.use(bob.code())).outcome, 'accepted');
});

test('refuses a missing, empty or damaged secret and an unknown key', { skip }, async () => {
  const faults = [
    'ciphertext = null',
    "ciphertext = ''",
    'ciphertext = substr(ciphertext, 2)',
    'nonce = null',
    "key_id = 'k9'",
    'key_id = null',
  ];
  await service.db.query('alter table otp.factor drop constraint factor_secret_iff_active');
  for (const fault of faults) {
    const owner = await createOwner(service);
    await service.db.query(`update otp.factor set ${fault} where user_id = $1`, [owner.id]);
    await assertUnusable(owner);
  }
});

test("refuses recovery codes whose set has another account's key", { skip }, async () => {
  const [ada, bob] = [await createOwner(service), await createOwner(service)];
  await service.db.query(
    `update otp.recovery_set a set key_id = b.key_id, nonce = b.nonce, ciphertext = b.ciphertext
     from otp.recovery_set b where a.user_id = $1 and b.user_id = $2`,
    [ada.id, bob.id],
  );
  assert.equal((await ada.useRecovery(ada.recoveryCodes[0] ?? '')).reason, 'wrong-code');
});

test('still refuses a used code after Redis was emptied', { skip: skipRedis }, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  assert.equal((await owner.use(code)).outcome, 'accepted');
  const redis = openRedis({ url: redisUrl ?? '' });
  await new Promise((resolve) => redis.once('ready', resolve));
  const keys = await redis.keys(`${service.redisPrefix}*`);
  assert.ok(keys.length > 0);
  for (const key of keys) await redis.del(key);
  redis.disconnect();
  assert.equal((await owner.use(code)).reason, 'used-code');
});

test('the gate refuses a step whatever Postgres says, and bears a key of the wrong type', {
  skip: skipRedis,
}, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  assert.equal((await owner.use(code)).outcome, 'accepted');
  await service.db.query('update otp.factor set last_step = 0, last_challenge = null where user_id = $1', [owner.id]);
  assert.equal((await owner.use(code)).reason, 'used-code');

  const redis = openRedis({ url: redisUrl ?? '', prefix: service.redisPrefix });
  await new Promise((resolve) => redis.once('ready', resolve));
  const next = Math.floor(service.clock.nowMs / 30_000) + 1;
  await redis.lpush(`used:{${owner.id}}:${next}`, 'x');
  assert.equal((await owner.use(owner.code(1))).reason, 'used-code');
  await redis.del(`used:{${owner.id}}:${next}`);
  redis.disconnect();
});

test('answers 503 and accepts nothing while Redis is away', { skip }, async () => {
  await using away = await startTestOtp({ REDIS_URL: 'redis://127.0.0.1:1' });
  const id = crypto.randomUUID();
  const started = (await away.post('/enrolments', { user_id: id, username: 'ada' })).body;
  const { codeAt } = await import('../../test/support/authenticator.ts');
  const otp = codeAt(started.secret, away.clock.nowMs);
  const answers = await times(3, () => away.post('/enrolments/confirm', { user_id: id, attempt_id: id, otp }));
  for (const answer of answers) {
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
  }
  assert.equal((await away.get(`/factors/${id}`)).body.active, false);
  assert.equal((await fetch(`${away.part.opsUrl}/readyz`)).status, 503);
});
