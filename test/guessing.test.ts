// Guessing codes: one budget for an account, whatever the guesses come by (RFC 4226 7.3, NIST SP 800-63B 3.2.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answered } from './support/api.ts';
import { assertSound, endSoundly } from './support/assert-sound.ts';
import { answered, atOnce, fewAtOnce, inTurn, tally } from './support/at-once.ts';
import { countEvents, readLog } from './support/audit-log.ts';
import { laneOf, letLockPass } from './support/lane.ts';
import {
  challengeOf,
  expect,
  expectProblem,
  nextCode,
  type Person,
  signUpWithFactor,
  wrongCode,
} from './support/people.ts';
import { forgetKeys } from './support/redis.ts';
import { restartOtp } from './support/restart-otp.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

const instances = sharedRedisMissing ? 1 : 2;
let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: instances, otps: instances });
});
after(() => endSoundly(stack));

type Owner = Person & { secret: string };

/** A guess of its own challenge, gateway and address, made ready to be sent. */
async function aim(owner: Owner, at: number, code: object = { otp: wrongCode(stack, owner) }) {
  const api = inTurn(stack.apis, at);
  const from = `198.51.100.${at % 250}`;
  const challenge = await challengeOf(api, owner, { from });
  return () => api('POST', '/login/otp', { body: { challenge, ...code }, from });
}

const guess = async (owner: Owner, at: number, code?: object): Promise<Answered> => (await aim(owner, at, code))();

/** Sends that many guesses at the same moment. */
async function guessAtOnce(owner: Owner, count: number): Promise<Record<string, number>> {
  const guesses = await fewAtOnce(count, (at) => aim(owner, at));
  return tally(answered(await atOnce(count, (at) => inTurn(guesses, at)())));
}

async function lockOut(owner: Owner): Promise<void> {
  for (let at = 0; at < 10; at += 1) expectProblem(401, 'invalid-otp', await guess(owner, at));
}

const secondsOfLock = async (owner: Owner) => {
  const { locked_until } = await laneOf(stack, owner);
  return ((locked_until?.getTime() ?? 0) - Date.now()) / 1_000;
};

const alike = ({ status, body, headers }: Answered) => ({
  status,
  body: { ...body, request_id: '', detail: body.detail.replace(/\d+/, 'n') },
  headers: [...headers.keys()],
});

test('counts wrong codes exactly over challenges, addresses and gateways, and locks at the tenth', async () => {
  const ada = await signUpWithFactor(stack);
  const { 'invalid-otp': refused = 0, 'too-many-attempts': locked = 0, ...others } = await guessAtOnce(ada, 40);
  assert.deepEqual(others, {});
  assert.ok(refused > 0 && refused <= 10 && locked > 0);
  assert.equal((await laneOf(stack, ada)).attempts, 10);
  assert.ok((await secondsOfLock(ada)) <= 30);
  const events = await readLog(stack, ada.id);
  const locks = events.filter((event) => event.type === 'sallyport.otp.locked');
  assert.deepEqual(
    locks.map((event) => event.data.count),
    [10],
  );
  assert.equal(await countEvents(stack, ada.id, 'otp.failed'), 10);

  await letLockPass(stack, ada);
  const second = await guessAtOnce(ada, 10);
  assert.ok((second['invalid-otp'] ?? 0) <= 1);
  assert.equal((await laneOf(stack, ada)).attempts, 11);
  const seconds = await secondsOfLock(ada);
  assert.ok(seconds > 30 && seconds <= 60, `the second lock is twice as long: ${seconds}`);
});

test('moves the count neither with a right password nor with a code that is no code', async () => {
  const ada = await signUpWithFactor(stack);
  for (let at = 0; at < 9; at += 1) {
    expectProblem(401, 'invalid-otp', await guess(ada, at));
    await challengeOf(stack.api, ada);
    expectProblem(422, 'invalid-request', await guess(ada, at, { otp: '12345' }));
  }
  assert.equal((await laneOf(stack, ada)).attempts, 9);
  expect(200, await guess(ada, 0, { otp: nextCode(stack, ada) }));
  for (let at = 0; at < 9; at += 1) expectProblem(401, 'invalid-otp', await guess(ada, at));
  assert.equal((await laneOf(stack, ada)).locked_until, null, 'an accepted code starts the row anew');
});

test('takes TOTP and recovery codes, at every endpoint, from one budget', async () => {
  const ada = await signUpWithFactor(stack);
  const { accessToken: token, deviceToken: device_token, username, password } = ada;
  const otp = wrongCode(stack, ada);
  const recovery_code = 'AAAA-BBBB-CCCC-DDDD';
  const laneOfDevice = () => laneOf(stack, ada, device_token);
  const calls: [string, string, object][] = [
    ['POST', '/login', { username, password, device_token, otp }],
    ['POST', '/login', { username, password, device_token, recovery_code }],
    ['POST', '/reauthenticate', { password, otp }],
    ['POST', '/reauthenticate', { password, recovery_code }],
    ['PUT', '/auth/otp/disable', { password, otp }],
    ['PUT', '/auth/otp/disable', { password, recovery_code }],
    ['POST', '/auth/otp/recovery_codes', { otp }],
    ['POST', '/auth/otp/recovery_codes', { recovery_code }],
    ['PUT', '/me/password', { current_password: password, new_password: `${password}!`, otp }],
    ['PUT', '/me/password', { current_password: password, new_password: `${password}!`, recovery_code }],
  ];
  for (const [at, [method, path, body]] of calls.entries()) {
    expectProblem(401, 'invalid-otp', await inTurn(stack.apis, at)(method, path, { token, body }));
    assert.equal((await laneOfDevice()).attempts, at + 1, path);
  }
  for (const [method, path, body] of calls) {
    expectProblem(429, 'too-many-attempts', await stack.api(method, path, { token, body }));
  }
  assert.equal((await laneOfDevice()).attempts, 10);
});

test('shows a lock to every client, also after otp was started anew and Redis lost all it had', async () => {
  const ada = await signUpWithFactor(stack);
  await lockOut(ada);
  expectProblem(429, 'too-many-attempts', await guess(ada, 1));
  await restartOtp(stack);
  if (process.env.TEST_REDIS_URL) await forgetKeys(process.env.TEST_REDIS_URL, stack.redisPrefix);
  expectProblem(429, 'too-many-attempts', await guess(ada, 0, { otp: nextCode(stack, ada) }));
});

test('answers right and wrong alike while locked, counts neither, prolongs nothing, gives the try back', async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = await challengeOf(stack.api, ada);
  await lockOut(ada);
  const locked = await laneOf(stack, ada);
  const send = (code: object) => stack.api('POST', '/login/otp', { body: { challenge, ...code } });
  const codes = [
    { otp: wrongCode(stack, ada) },
    { otp: nextCode(stack, ada) },
    { recovery_code: ada.recoveryCodes[0] },
  ];
  const seen: Answered[] = [];
  for (const code of [...codes, ...codes, ...codes])
    seen.push(expectProblem(429, 'too-many-attempts', await send(code)));
  for (const answer of seen) {
    assert.deepEqual(alike(answer), alike(seen[0] as Answered));
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
  }
  assert.deepEqual(await laneOf(stack, ada), locked);
  await letLockPass(stack, ada);
  expect(200, await send({ otp: nextCode(stack, ada) }));
});

test('a challenge that a change of the password has ended counts no guess, and is told as such behind a lock', async () => {
  const owner = await signUpWithFactor(stack);
  const old = await fewAtOnce(12, (at) => aim(owner, at));
  const body = {
    current_password: owner.password,
    new_password: 'a wholly different phrase',
    otp: nextCode(stack, owner),
  };
  expect(204, await stack.api('PUT', '/me/password', { token: owner.accessToken, body }));
  const before = await laneOf(stack, owner);
  for (const guessOld of old) expectProblem(401, 'invalid-challenge', await guessOld());
  assert.deepEqual(await laneOf(stack, owner), before);

  const renewed = { ...owner, password: body.new_password };
  const left = await aim(renewed, 0, { otp: '000000' });
  await lockOut(renewed);
  expectProblem(429, 'too-many-attempts', await left());
  for (const guessOld of old) expectProblem(401, 'invalid-challenge', await guessOld());
});

test('still counts all guesses in flight while the right code is accepted', async () => {
  await using patient = await startStack({ env: { OTP_LOCK_AFTER: '60', CHALLENGE_TRIES: '0' } });
  const ada = await signUpWithFactor(patient);
  const challenges = await fewAtOnce(31, () => challengeOf(patient.api, ada));
  const right = nextCode(patient, ada);
  const wrong = wrongCode(patient, ada);
  const answers = await atOnce(31, (at) =>
    patient.api('POST', '/login/otp', { body: { challenge: inTurn(challenges, at), otp: at === 15 ? right : wrong } }),
  );
  const { 200: complete, 'invalid-otp': refused = 0, unavailable = 0 } = tally(answers);
  assert.deepEqual([complete, refused + unavailable], [1, 30]);
  const lane = await laneOf(patient, ada);
  assert.ok(lane.attempts > refused && lane.attempts <= 31, 'each guess that was answered is counted');
  assert.ok(lane.accepted_at >= 1 && lane.accepted_at <= lane.attempts);
  assert.ok((await countEvents(patient, ada.id, 'otp.failed')) >= refused);

  while ((await laneOf(patient, ada)).locked_until === null) {
    const body = { challenge: await challengeOf(patient.api, ada), otp: wrong };
    await atOnce(12, () => patient.api('POST', '/login/otp', { body }));
  }
  const locked = await laneOf(patient, ada);
  assert.equal(locked.attempts - locked.accepted_at, 60, 'those behind the right one count towards the lock');
  await assertSound(patient);
});

test('kills a challenge after five wrong codes, in a row or at once', async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = await challengeOf(stack.api, ada);
  const otp = wrongCode(stack, ada);
  const answers = await atOnce(20, (at) => inTurn(stack.apis, at)('POST', '/login/otp', { body: { challenge, otp } }));
  assert.deepEqual(tally(answers), { 'invalid-otp': 5, 'invalid-challenge': 15 });
  const right = { challenge, otp: nextCode(stack, ada) };
  expectProblem(401, 'invalid-challenge', await stack.api('POST', '/login/otp', { body: right }));
  assert.equal((await laneOf(stack, ada)).attempts, 5);
});

test('locks without end at a hundred wrong codes in a row', async () => {
  const ada = await signUpWithFactor(stack);
  await lockOut(ada);
  await stack.sql('update otp.lane set attempts = accepted_at + 99 where user_id = $1', [ada.id]);
  await letLockPass(stack, ada);
  expectProblem(401, 'invalid-otp', await guess(ada, 0));
  const rows = await stack.sql<{ locked: string }>(
    'select locked_until::text as locked from otp.lane where user_id = $1',
    [ada.id],
  );
  assert.deepEqual(rows, [{ locked: 'infinity' }]);
  expectProblem(429, 'too-many-attempts', await guess(ada, 1, { otp: nextCode(stack, ada) }));
});
