import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Answered } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { answered, assertOneGotIn, atOnce, fewAtOnce, inTurn, tally } from './support/at-once.ts';
import { countEvents, readLog } from './support/audit-log.ts';
import { codeAt } from './support/authenticator.ts';
import { countAttempts } from './support/lane.ts';
import {
  challengeOf,
  expect,
  expectProblem,
  nextCode,
  type Person,
  signUp,
  signUpWithFactor,
  wrongCode,
} from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

const instances = sharedRedisMissing ? 1 : 2;
let stack: Stack;
before(async () => {
  stack = await startStack({ gateways: instances, otps: instances });
});
after(() => endSoundly(stack));

const answerWith = (at: number, challenge: string, otp: string) =>
  inTurn(stack.apis, at)('POST', '/login/otp', { body: { challenge, otp } });

async function lastStepOf(person: Person): Promise<number> {
  const [row] = await stack.sql<{ last_step: number }>('select last_step from otp.factor where user_id = $1', [
    person.id,
  ]);
  return row?.last_step ?? 0;
}

async function countSessions(person: Person): Promise<number> {
  const rows = await stack.sql('select from gateway.session where user_id = $1 and challenge_hash is not null', [
    person.id,
  ]);
  return rows.length;
}

/**
 * Every attempt that was counted was also recorded, as accepted, failed or replayed. One whose answer was lost to a
 * deadline may have been counted and no more.
 */
async function assertAttemptsRecorded(person: Person, answers: readonly Answered[]): Promise<void> {
  const attempts = await countAttempts(stack, person);
  const types = ['otp.verified', 'recovery_code.used', 'otp.failed', 'otp.replayed'];
  const recorded = await countEvents(stack, person.id, ...types);
  const lost = answers.length - answered(answers).length;
  assert.ok(recorded <= attempts && recorded >= attempts - lost, `${recorded} of ${attempts} recorded, ${lost} lost`);
}

test('lets one of 100 simultaneous uses of a code on one challenge in (RFC 6238 5.2)', {
  skip: sharedRedisMissing,
}, async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = await challengeOf(stack.api, ada);
  const otp = nextCode(stack, ada);
  const answers = await atOnce(100, (at) => answerWith(at, challenge, otp));
  assertOneGotIn(answers);
  const { 200: _, ...refused } = tally(answered(answers));
  assert.deepEqual(
    Object.keys(refused).toSorted(),
    ['invalid-challenge', 'invalid-otp'].slice(0, Object.keys(refused).length),
  );
  assert.equal(await countSessions(ada), 1);
  assert.equal(await countEvents(stack, ada.id, 'login.succeeded'), 2, 'the signup and the login');
  await assertAttemptsRecorded(ada, answers);
});

test('spends one code when one challenge is answered with the codes of two steps at once', async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = await challengeOf(stack.api, ada);
  const otp = nextCode(stack, ada);
  const later = codeAt(ada.secret, stack.clock.now() + 30_000);
  const answers = await atOnce(50, (at) => answerWith(at, challenge, at % 2 === 0 ? otp : later));
  assertOneGotIn(answers);
  assert.equal(await countSessions(ada), 1);
  assert.equal(await countEvents(stack, ada.id, 'otp.verified'), 1);
  await assertAttemptsRecorded(ada, answers);
  const winner = answers.findIndex((answer) => answer.status === 200);
  const second = await challengeOf(stack.api, ada);
  if (winner % 2 === 0) expect(200, await answerWith(0, second, later));
  else expectProblem(401, 'invalid-otp', await answerWith(0, second, otp));
});

test('lets one code answer one of 50 challenges at once', async () => {
  const ada = await signUpWithFactor(stack);
  const challenges = await fewAtOnce(50, (at) => challengeOf(inTurn(stack.apis, at), ada));
  const otp = nextCode(stack, ada);
  const answers = await atOnce(50, (at) => answerWith(at, inTurn(challenges, at), otp));
  assertOneGotIn(answers);
  const { 200: _, ...refused } = tally(answered(answers));
  const kinds = Object.keys(refused).filter((kind) => !['invalid-otp', 'too-many-attempts'].includes(kind));
  assert.deepEqual(kinds, []);
  assert.equal(await countSessions(ada), 1);
  await assertAttemptsRecorded(ada, answers);
  assert.ok((await countEvents(stack, ada.id, 'otp.replayed', 'otp.failed')) >= (refused['invalid-otp'] ?? 0));
});

test('lets one code in over login, disabling, re-authentication and regeneration at once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUpWithFactor(stack);
    const { accessToken: token, username, password } = ada;
    const challenge = await challengeOf(stack.api, ada);
    const otp = nextCode(stack, ada);
    const calls = [
      () => answerWith(0, challenge, otp),
      () => inTurn(stack.apis, 1)('POST', '/login', { body: { username, password, otp } }),
      () => stack.api('PUT', '/auth/otp/disable', { token, body: { password, otp } }),
      () => inTurn(stack.apis, 1)('POST', '/reauthenticate', { token, body: { password, otp } }),
      () => stack.api('POST', '/auth/otp/recovery_codes', { token, body: { otp } }),
    ];
    const answers = await atOnce(calls.length, (at) => inTurn(calls, at + round)());
    // Once the factor is gone, a code is no longer looked at: whoever gets in then has no second factor.
    assertOneGotIn(answers, ({ status, body }) => status === 200 && body.user?.otp_enabled !== false);
    assert.equal(await countEvents(stack, ada.id, 'otp.verified'), 1);
    await assertAttemptsRecorded(ada, answers);
  }
});

test('lets the code that confirms a factor in nowhere else, whatever comes with it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUp(stack.api);
    const { accessToken: token, username, password } = ada;
    const { secret } = expect(200, await stack.api('POST', '/auth/otp/setup', { token })).body;
    const otp = codeAt(secret, stack.clock.now());
    const calls = [
      () => inTurn(stack.apis, 1)('POST', '/login', { body: { username, password, otp } }),
      () => stack.api('PUT', '/auth/otp/enable', { token, body: { otp } }),
      () => stack.api('POST', '/login', { body: { username, password, otp } }),
      () => inTurn(stack.apis, 1)('POST', '/login', { body: { username, password, otp } }),
    ];
    const answers = await atOnce(calls.length, (at) => inTurn(calls, at + round)());
    // A login that came before the factor needed no code.
    const enabled = answers.filter(({ status, body }) => status === 200 && body.user?.otp_enabled !== false);
    assert.deepEqual(
      enabled.map(({ body }) => body.recovery_codes?.length),
      [10],
    );
    assert.equal(await countEvents(stack, ada.id, 'otp.verified'), 0);
    expectProblem(401, 'invalid-otp', await stack.api('POST', '/login', { body: { username, password, otp } }));
  }
});

test('refuses step n again once the clock moved on, and then n-1, and the stored step stays', async () => {
  const ada = await signUpWithFactor(stack);
  stack.clock.advance(30_000);
  const otp = nextCode(stack, ada);
  const earlier = codeAt(ada.secret, stack.clock.now() - 30_000);
  expect(200, await answerWith(0, await challengeOf(stack.api, ada), otp));
  const step = await lastStepOf(ada);
  expectProblem(401, 'invalid-otp', await answerWith(0, await challengeOf(stack.api, ada), earlier));
  stack.clock.advance(30_000);
  expectProblem(401, 'invalid-otp', await answerWith(1, await challengeOf(stack.api, ada), otp));
  assert.equal(await lastStepOf(ada), step);
  assert.equal(await countEvents(stack, ada.id, 'otp.replayed'), 2);
});

test('never moves the stored step back when steps n and n-1 finish in any order', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUpWithFactor(stack);
    stack.clock.advance(30_000);
    const newest = nextCode(stack, ada);
    const codes = [codeAt(ada.secret, stack.clock.now() - 30_000), newest];
    const step = Math.floor(stack.clock.now() / 30_000);
    const challenges = await atOnce(2, () => challengeOf(stack.api, ada));
    const answers = await atOnce(2, (at) => answerWith(at, inTurn(challenges, at), inTurn(codes, at)));
    if (answers[1]?.status === 200) assert.equal(await lastStepOf(ada), step);
    const third = await challengeOf(stack.api, ada);
    expectProblem(401, 'invalid-otp', await answerWith(0, third, codes[0] ?? ''));
  }
});

test('accepts one step either side of now and no other (RFC 6238 5.2)', async () => {
  const ada = await signUpWithFactor(stack);
  stack.clock.advance(300_000);
  nextCode(stack, ada);
  const now = stack.clock.now();
  const statuses = new Map<number, number>();
  for (const offset of [-3, -2, 2, 3, -1, 0, 1]) {
    const challenge = await challengeOf(stack.api, ada);
    const otp = codeAt(ada.secret, now + offset * 30_000);
    statuses.set(offset, (await answerWith(0, challenge, otp)).status);
  }
  const accepted = [...statuses].filter(([, status]) => status === 200).map(([offset]) => offset);
  assert.deepEqual(accepted, [-1, 0, 1]);
});

test('refuses whatever is not a string of six ASCII digits with 422, counts nothing and spends nothing', async () => {
  const ada = await signUpWithFactor(stack);
  const bob = await signUp(stack.api, 'bob');
  const pending = expect(200, await stack.api('POST', '/auth/otp/setup', { token: bob.accessToken }));
  const challenge = await challengeOf(stack.api, ada);
  const otp = nextCode(stack, ada);
  const before = await countAttempts(stack, ada);
  const zeros = [0xff10, 0x0660, 0x06f0, 0x1d7ce];
  const inOtherDigits = zeros.map((zero) => otp.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit))));
  const listed = [Number(otp), [otp], { otp }, null, true, '', otp.slice(1), `${otp}0`];
  const padded = [
    ` ${otp}`,
    `${otp} `,
    `${otp}\n`,
    `${otp.slice(0, 3)} ${otp.slice(3)}`,
    `+${otp.slice(1)}`,
    `0x${otp}`,
  ];
  for (const form of [...listed, ...padded, ...inOtherDigits]) {
    const { accessToken: token, username, password } = ada;
    const calls: [string, string, object][] = [
      ['POST', '/login/otp', { challenge, otp: form }],
      ['POST', '/login', { username, password, otp: form }],
      ['POST', '/reauthenticate', { password, otp: form }],
      ['PUT', '/auth/otp/disable', { password, otp: form }],
      ['POST', '/auth/otp/recovery_codes', { otp: form }],
      ['PUT', '/me/password', { current_password: password, new_password: `${password}!`, otp: form }],
    ];
    for (const [method, path, body] of calls) {
      expectProblem(422, 'invalid-request', await stack.api(method, path, { token, body }));
    }
    const enable = { token: bob.accessToken, body: { otp: form } };
    expectProblem(422, 'invalid-request', await stack.api('PUT', '/auth/otp/enable', enable));
  }
  assert.equal(await countAttempts(stack, ada), before);
  expect(200, await answerWith(0, challenge, otp));
  const body = { otp: codeAt(pending.body.secret, stack.clock.now()) };
  expect(200, await stack.api('PUT', '/auth/otp/enable', { token: bob.accessToken, body }));
});

test('still refuses a used code when Redis was emptied, or holds keys of the wrong type', {
  skip: sharedRedisMissing,
}, async () => {
  const { forgetKeys } = await import('./support/redis.ts');
  const { Redis } = await import('ioredis');
  const url = process.env.TEST_REDIS_URL ?? '';
  const redis = new Redis(url);
  try {
    const ada = await signUpWithFactor(stack);
    const open = await challengeOf(stack.api, ada);
    const otp = nextCode(stack, ada);
    expect(200, await answerWith(0, await challengeOf(stack.api, ada), otp));
    await forgetKeys(url, stack.redisPrefix);
    expectProblem(401, 'invalid-challenge', await answerWith(1, open, otp));
    expectProblem(401, 'invalid-otp', await answerWith(1, await challengeOf(stack.api, ada), otp));

    const step = Math.floor(stack.clock.now() / 30_000);
    await redis.rpush(`${stack.redisPrefix}used:{${ada.id}}:${step}`, 'a list');
    expectProblem(401, 'invalid-otp', await answerWith(1, await challengeOf(stack.api, ada), otp));
    const challenge = await challengeOf(stack.api, ada);
    const key = `${stack.redisPrefix}challenge:${createHash('sha256').update(challenge).digest('hex')}`;
    assert.equal(await redis.del(key), 1);
    await redis.set(key, 'a string');
    expectProblem(503, 'unavailable', await answerWith(0, challenge, nextCode(stack, ada)));
    assert.equal(await countSessions(ada), 1);
  } finally {
    redis.disconnect();
  }
});

test('never accepts a code for a secret that is missing, empty, damaged or of another account', async () => {
  const ada = await signUpWithFactor(stack);
  const eve = await signUpWithFactor(stack, 'eve');
  const set = (text: string) => stack.sql(`update otp.factor set ${text} where user_id = $1`, [ada.id]);
  await assert.rejects(set('ciphertext = null'), /factor_secret_iff_active/);
  await stack.sql('alter table otp.factor drop constraint factor_secret_iff_active');
  const [kept] = await stack.sql('select * from otp.factor where user_id = $1', [ada.id]);
  const damages = [
    `(key_id, nonce, ciphertext) = (select key_id, nonce, ciphertext from otp.factor where user_id = '${eve.id}')`,
    `(enrolment_id, key_id, nonce, ciphertext) =
       (select enrolment_id, key_id, nonce, ciphertext from otp.factor where user_id = '${eve.id}')`,
    `ciphertext = set_byte(ciphertext, 3, get_byte(ciphertext, 3) # 1)`,
    `ciphertext = ''`,
    `ciphertext = null`,
    `nonce = null`,
    `key_id = 'unknown'`,
  ];
  for (const damage of damages) {
    await set(damage);
    for (const person of [ada, eve]) {
      const otp = nextCode(stack, person);
      const challenge = await challengeOf(stack.api, ada);
      expectProblem(401, 'invalid-otp', await answerWith(0, challenge, otp));
    }
    await stack.sql(
      `update otp.factor set (enrolment_id, key_id, nonce, ciphertext) =
         (select enrolment_id, key_id, nonce, ciphertext from jsonb_populate_record(null::otp.factor, $2))
       where user_id = $1`,
      [ada.id, JSON.stringify(kept, asBytea)],
    );
    await stack.sql('update otp.lane set accepted_at = attempts, locked_until = null where user_id = $1', [ada.id]);
  }
  const events = await readLog(stack, ada.id);
  const unusable = events.filter(
    (event) => event.data.reason === 'secret-unusable' && event.type.endsWith('otp.failed'),
  );
  assert.equal(unusable.length, 2 * damages.length);
  expect(200, await answerWith(0, await challengeOf(stack.api, ada), nextCode(stack, ada)));
  expectProblem(401, 'invalid-otp', await answerWith(0, await challengeOf(stack.api, eve), wrongCode(stack, eve)));
});

/** Buffers as Postgres writes them; a Buffer reaches a replacer as what its `toJSON` made of it. */
function asBytea(_key: string, value: unknown): unknown {
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBuffer && 'data' in value ? `\\x${Buffer.from(value.data as number[]).toString('hex')}` : value;
}
