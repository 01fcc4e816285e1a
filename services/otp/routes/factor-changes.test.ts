import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { FlagPage } from '@sallyport/contracts';
import { codeAt } from '../../../test/support/authenticator.ts';
import { databaseMissing } from '../../../test/support/database.ts';
import { createOwner, events, startEnrolment, tally, times } from '../testing/owner.ts';
import { startTestOtp, type TestOtp } from '../testing/start-test-otp.ts';

const skip = databaseMissing;
let service: TestOtp;
before(async () => {
  if (!skip) service = await startTestOtp({ OTP_LOCK_AFTER: '0' });
});
after(() => service?.[Symbol.asyncDispose]());

const types = (answer: { events: { body: string }[] }) => answer.events.map(({ body }) => JSON.parse(body).type);
const factor = async (id: string) => (await service.get(`/factors/${id}`)).body;

test('disables with a code: the version rises, secret and recovery codes go, the row stays', { skip }, async () => {
  const owner = await createOwner(service);
  const answer = await owner.use(owner.code(), {}, '/factors/disable');
  assert.equal(answer.outcome, 'disabled');
  assert.equal(answer.factor_version, 2);
  assert.deepEqual(types(answer), ['sallyport.otp.verified', 'sallyport.otp.disabled']);
  assert.deepEqual(await factor(owner.id), {
    user_id: owner.id,
    active: false,
    factor_version: 2,
    enabled_at: null,
    recovery_codes_left: 0,
  });
  const [row] = await service.db.query('select ciphertext, last_step > 0 as kept from otp.factor where user_id = $1', [
    owner.id,
  ]);
  assert.deepEqual(row, { ciphertext: null, kept: true });
  assert.equal((await owner.use(owner.code(1))).outcome, 'no-factor');
});

test('enrols again with the next version, and never takes a step that was accepted before', { skip }, async () => {
  const owner = await createOwner(service);
  await owner.use(owner.code(), {}, '/factors/disable');
  const { secret } = await startEnrolment(service, owner.id);
  const confirm = async (offset: number) => {
    const otp = codeAt(secret, service.clock.nowMs + offset * 30_000);
    return (await service.post('/enrolments/confirm', { user_id: owner.id, attempt_id: randomUUID(), otp })).body;
  };
  assert.equal((await confirm(0)).reason, 'used-code');
  const confirmed = await confirm(1);
  assert.equal(confirmed.factor_version, 3);
  assert.equal((await factor(owner.id)).recovery_codes_left, 10);
});

test('replaces the recovery codes with a code of either kind', { skip }, async () => {
  const owner = await createOwner(service);
  const first = await owner.use(owner.code(), {}, '/recovery_codes');
  assert.equal(first.outcome, 'regenerated');
  assert.equal(first.recovery_codes_left, 10);
  assert.deepEqual(types(first), ['sallyport.otp.verified', 'sallyport.recovery_code.regenerated']);
  assert.equal((await owner.useRecovery(owner.recoveryCodes[0] ?? '')).reason, 'wrong-code');
  const second = await owner.useRecovery(first.recovery_codes[0], {}, '/recovery_codes');
  assert.deepEqual(types(second), ['sallyport.recovery_code.used', 'sallyport.recovery_code.regenerated']);
  assert.equal((await owner.useRecovery(first.recovery_codes[1])).reason, 'wrong-code');
  assert.equal((await owner.useRecovery(second.recovery_codes[1])).recovery_codes_left, 9);
});

test('lets one code in over all endpoints at once', { skip }, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  const paths = ['/codes/verify', '/factors/disable', '/recovery_codes'];
  const outcomes = await times(30, (at) => owner.use(code, {}, paths[at % 3]));
  const won = outcomes.filter(({ outcome }) => ['accepted', 'disabled', 'regenerated'].includes(outcome));
  assert.equal(won.length, 1, JSON.stringify(tally(outcomes)));
});

test('regeneration against use: a code of the old set is used before it or never', { skip }, async () => {
  for (let round = 0; round < 10; round++) {
    const owner = await createOwner(service);
    const [regenerated, used] = await Promise.all([
      owner.use(owner.code(), {}, '/recovery_codes'),
      owner.useRecovery(owner.recoveryCodes[0] ?? ''),
    ]);
    assert.equal(regenerated.outcome, 'regenerated');
    assert.ok(['accepted', 'rejected'].includes(used.outcome));
    assert.equal((await factor(owner.id)).recovery_codes_left, 10);
    assert.equal((await owner.useRecovery(owner.recoveryCodes[0] ?? '')).outcome, 'rejected');
    assert.equal((await owner.useRecovery(regenerated.recovery_codes[0])).outcome, 'accepted');
  }
});

test('disabling against a use of another code: whatever was looked at is recorded', { skip }, async () => {
  for (let round = 0; round < 10; round++) {
    const owner = await createOwner(service);
    const outcomes = await Promise.all([
      owner.useRecovery(owner.recoveryCodes[0] ?? '', {}, '/factors/disable'),
      owner.use(owner.code()),
      owner.use(owner.code(1)),
    ]);
    assert.equal(outcomes[0].outcome, 'disabled');
    const recorded = await events(service, owner.id);
    const looked = outcomes.slice(1).filter(({ outcome }) => outcome !== 'no-factor').length;
    const told = ['otp.verified', 'otp.failed', 'otp.replayed'].reduce((sum, type) => sum + (recorded[type] ?? 0), 0);
    assert.equal(told, looked, JSON.stringify({ recorded, outcomes }));
  }
});

test('answers for an account that never had a factor', { skip }, async () => {
  const id = randomUUID();
  assert.deepEqual(await factor(id), {
    user_id: id,
    active: false,
    factor_version: 0,
    enabled_at: null,
    recovery_codes_left: 0,
  });
  assert.equal((await service.get('/factors/nobody')).status, 422);
});

test('lists all factors in pages', { skip }, async () => {
  for (let at = 0; at < 3; at++) await createOwner(service);
  const all: string[] = [];
  for (let after = ''; ; ) {
    const page = FlagPage.parse((await service.get(`/flags?limit=2${after && `&after=${after}`}`)).body);
    if (page.flags.length === 0) break;
    all.push(...page.flags.map(({ id }) => id));
    after = all.at(-1) ?? '';
  }
  const rows = await service.db.query<{ id: string }>('select user_id as id from otp.factor order by user_id');
  assert.deepEqual(
    all,
    rows.map(({ id }) => id),
  );
});
