import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { databaseMissing } from '../../../test/support/database.ts';
import { createOwner, events, type Owner, tally, times } from '../testing/owner.ts';
import { startTestOtp, type TestOtp } from '../testing/start-test-otp.ts';

const skip = databaseMissing;
let service: TestOtp;
before(async () => {
  if (!skip) service = await startTestOtp();
});
after(() => service?.[Symbol.asyncDispose]());

const lane = async (owner: Owner, name = 'unknown') => {
  const [row] = await service.db.query<{ attempts: number; accepted_at: number; locked: boolean; seconds: number }>(
    `select attempts, accepted_at, locked_until > clock_timestamp() as locked,
       case when locked_until < 'infinity' then extract(epoch from locked_until - clock_timestamp())::int end as seconds
     from otp.lane where user_id = $1 and lane = $2`,
    [owner.id, name],
  );
  assert.ok(row);
  return row;
};

const endLock = (owner: Owner) =>
  service.db.query('update otp.lane set locked_until = clock_timestamp() where user_id = $1', [owner.id]);

test('looks at exactly ten of thirty guesses at once at a fresh lane', { skip }, async () => {
  const owner = await createOwner(service);
  const outcomes = await times(30, () => owner.use(owner.wrongCode()));
  assert.deepEqual(tally(outcomes), { 'wrong-code': 10, locked: 20 });
  assert.equal((await lane(owner)).attempts, 10);
  const recorded = await events(service, owner.id);
  assert.equal(recorded['otp.failed'], 10);
  assert.equal(recorded['otp.locked'], 1);
  const told = outcomes.flatMap((outcome) => outcome.events).map((event) => JSON.parse(event.body));
  assert.deepEqual(
    told.filter(({ type }) => type === 'sallyport.otp.locked').map(({ data }) => data.count),
    [10],
  );
});

test('answers a right code like a wrong one while locked, counts neither and prolongs nothing', { skip }, async () => {
  const owner = await createOwner(service);
  await times(10, () => owner.use(owner.wrongCode()));
  const before = await lane(owner);
  const [wrong, right] = [await owner.use(owner.wrongCode()), await owner.use(owner.code())];
  for (const answer of [wrong, right]) {
    assert.equal(answer.outcome, 'locked');
    assert.ok(answer.retry_after_seconds > 25 && answer.retry_after_seconds <= 30);
    assert.deepEqual(answer.events, []);
  }
  const now = await lane(owner);
  assert.equal(now.attempts, before.attempts);
  assert.ok(now.seconds <= before.seconds);
});

test('locks for 30 s at the tenth, doubles up to an hour, and without end at the hundredth', { skip }, async () => {
  const owner = await createOwner(service);
  await times(9, () => owner.use(owner.wrongCode()));
  for (const [at, seconds] of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].entries()) {
    assert.equal((await owner.use(owner.wrongCode())).reason, 'wrong-code', `${at}`);
    const { retry_after_seconds: left } = await owner.use(owner.code());
    assert.ok(Math.abs(left - seconds) <= 2, `${left} after ${10 + at}`);
    await endLock(owner);
  }
  await service.db.query('update otp.lane set attempts = 99 where user_id = $1', [owner.id]);
  const hundredth = await owner.use(owner.wrongCode());
  assert.equal(JSON.parse(hundredth.events[0].body).data.count, 100);
  assert.equal((await owner.use(owner.code())).retry_after_seconds, 3_600);
  const [row] = await service.db.query<{ hard: boolean }>(
    `select locked_until = 'infinity' as hard from otp.lane where user_id = $1`,
    [owner.id],
  );
  assert.equal(row?.hard, true);
});

test('lifts the lock where the tenth code is right, and starts the row anew', { skip }, async () => {
  const owner = await createOwner(service);
  await times(9, () => owner.use(owner.wrongCode()));
  assert.equal((await owner.use(owner.code())).outcome, 'accepted');
  assert.equal((await lane(owner)).locked, null);
  const outcomes = await times(12, () => owner.use(owner.wrongCode()));
  assert.deepEqual(tally(outcomes), { 'wrong-code': 10, locked: 2 });
});

test('still counts the guesses in flight while a right code is accepted', { skip }, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  const outcomes = await times(10, (at) => owner.use(at === 4 ? code : owner.wrongCode()));
  const { attempts, accepted_at } = await lane(owner);
  assert.equal(attempts, 10);
  assert.equal(tally(outcomes).accepted, 1);
  const left = attempts - accepted_at;
  const more = await times(12, () => owner.use(owner.wrongCode()));
  assert.equal(tally(more)['wrong-code'], 10 - left);
});

test('gives TOTP and recovery codes one budget, and every lane its own', { skip }, async () => {
  const owner = await createOwner(service);
  for (let at = 0; at < 5; at++) {
    await owner.use(owner.wrongCode());
    await owner.useRecovery('0000-0000-0000-0000');
  }
  assert.equal((await owner.useRecovery(owner.recoveryCodes[0] ?? '')).outcome, 'locked');
  assert.equal((await owner.use(owner.code(), { lane: 'device:1' })).outcome, 'accepted');
  assert.equal((await owner.use(owner.wrongCode())).outcome, 'locked');
});

test('counts a used code like a wrong one', { skip }, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  await owner.use(code);
  const outcomes = await times(12, () => owner.use(code));
  assert.deepEqual(tally(outcomes), { 'used-code': 10, locked: 2 });
});

test('turns both limits off with 0', { skip }, async () => {
  await using open = await startTestOtp({ OTP_LOCK_AFTER: '0', OTP_HARD_LOCK_AFTER: '0' });
  const owner = await createOwner(open);
  assert.deepEqual(tally(await times(120, () => owner.use(owner.wrongCode()))), { 'wrong-code': 120 });
});
