import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { databaseMissing } from '../../../test/support/database.ts';
import { createOwner, events, newChallenge, tally, times } from '../testing/owner.ts';
import { startTestOtp, type TestOtp } from '../testing/start-test-otp.ts';

const skip = databaseMissing;
let service: TestOtp;
before(async () => {
  if (!skip) service = await startTestOtp({ OTP_LOCK_AFTER: '0', OTP_HARD_LOCK_AFTER: '0' });
});
after(() => service?.[Symbol.asyncDispose]());

test('answers an accepted code with an echo, the version, the codes left and its event', { skip }, async () => {
  const owner = await createOwner(service);
  const attempt = crypto.randomUUID();
  const answer = await owner.use(owner.code(), { attempt_id: attempt, factor_version: 1 });
  const { events: recorded, ...rest } = answer;
  assert.deepEqual(rest, {
    outcome: 'accepted',
    user_id: owner.id,
    attempt_id: attempt,
    factor_version: 1,
    recovery_codes_left: 10,
    wrong_codes: 0,
  });
  assert.equal(recorded.length, 1);
  assert.equal(JSON.parse(recorded[0].body).type, 'sallyport.otp.verified');
});

test('lets exactly one of fifty simultaneous uses of a code in', { skip }, async () => {
  const owner = await createOwner(service);
  const code = owner.code();
  const outcomes = await times(50, () => owner.use(code));
  assert.deepEqual(tally(outcomes), { accepted: 1, 'used-code': 49 });
  assert.deepEqual(await events(service, owner.id), {
    'otp.setup_started': 1,
    'otp.enabled': 1,
    'otp.verified': 1,
    'otp.replayed': 49,
  });
});

test('lets one of two steps on one challenge in and spends one code', { skip }, async () => {
  for (let round = 0; round < 10; round++) {
    const owner = await createOwner(service);
    const challenge = newChallenge();
    const offsets = [0, 1];
    const outcomes = await Promise.all(offsets.map((offset) => owner.use(owner.code(offset), { challenge })));
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'accepted').length, 1);
    const won = outcomes.findIndex(({ outcome }) => outcome === 'accepted');
    const again = await owner.use(owner.code(1));
    assert.equal(again.outcome, won === 1 ? 'rejected' : 'accepted');
  }
});

test('refuses a second code on a spent challenge, of either kind, and spends neither', { skip }, async () => {
  const owner = await createOwner(service);
  const challenge = newChallenge();
  assert.equal((await owner.use(owner.code(-1), { challenge })).outcome, 'accepted');
  assert.equal((await owner.use(owner.code(), { challenge })).reason, 'spent-challenge');
  assert.equal((await owner.useRecovery(owner.recoveryCodes[0] ?? '', { challenge })).reason, 'spent-challenge');
  assert.equal((await owner.use(owner.code())).outcome, 'accepted');
  assert.equal((await owner.useRecovery(owner.recoveryCodes[0] ?? '')).recovery_codes_left, 9);
});

test('never accepts a step again, nor one before it', { skip }, async () => {
  const owner = await createOwner(service);
  const [before, code] = [owner.code(-1), owner.code()];
  assert.equal((await owner.use(code)).outcome, 'accepted');
  service.clock.nowMs += 30_000;
  assert.equal((await owner.use(code)).reason, 'used-code');
  service.clock.nowMs -= 30_000;
  assert.equal((await owner.use(before)).reason, 'used-code');
});

test('accepts within the window only', { skip }, async () => {
  for (const offset of [-3, -2, -1, 0, 1, 2, 3]) {
    const owner = await createOwner(service);
    const { outcome } = await owner.use(owner.code(offset));
    assert.equal(outcome, Math.abs(offset) <= 1 ? 'accepted' : 'rejected', `${offset}`);
  }
});

test('lets a recovery code in once, however it is typed', { skip }, async () => {
  const owner = await createOwner(service);
  const code = owner.recoveryCodes[3] ?? '';
  const outcomes = await times(50, () => owner.useRecovery(code.toLowerCase().replaceAll('-', ' ')));
  assert.deepEqual(tally(outcomes), { accepted: 1, 'used-code': 49 });
  assert.equal(outcomes.find(({ outcome }) => outcome === 'accepted').recovery_codes_left, 9);
  assert.equal((await events(service, owner.id))['recovery_code.used'], 1);
});

test('refuses a recovery code of somebody else and spends it not', { skip }, async () => {
  const [ada, bob] = [await createOwner(service), await createOwner(service)];
  assert.equal((await ada.useRecovery(bob.recoveryCodes[0] ?? '')).reason, 'wrong-code');
  assert.equal((await bob.useRecovery(bob.recoveryCodes[0] ?? '')).outcome, 'accepted');
});

test('records exactly one event for a wrong code of either kind', { skip }, async () => {
  const owner = await createOwner(service);
  assert.equal((await owner.use(owner.wrongCode())).events.length, 1);
  assert.equal((await owner.useRecovery('0000-0000-0000-0000')).events.length, 1);
  assert.equal((await owner.useRecovery('nonsense')).events.length, 1);
  assert.equal((await events(service, owner.id))['otp.failed'], 3);
});

test('counts nothing where there is no factor or another version is meant', { skip }, async () => {
  const owner = await createOwner(service);
  assert.deepEqual(await owner.use(owner.code(), { user_id: crypto.randomUUID() }), { outcome: 'no-factor' });
  assert.deepEqual(await owner.use(owner.code(), { factor_version: 2 }), { outcome: 'overtaken' });
  assert.deepEqual(await service.db.query('select from otp.lane where user_id = $1', [owner.id]), []);
});

test('takes nothing but six ASCII digits and counts the rest as nothing', { skip }, async () => {
  const owner = await createOwner(service);
  const base = { user_id: owner.id, attempt_id: crypto.randomUUID(), lane: 'unknown', challenge: newChallenge() };
  const values = [
    ' 123456',
    '123 456',
    '１２３４５６',
    '٠١٢٣٤٥',
    123456,
    ['123456'],
    null,
    '12345',
    '1234567',
    '123456\n',
  ];
  for (const value of values) {
    const answer = await service.post('/codes/verify', { ...base, code: { method: 'otp', value } });
    assert.equal(answer.status, 422, JSON.stringify(value));
  }
  assert.deepEqual(await service.db.query('select from otp.lane where user_id = $1', [owner.id]), []);
});
