// Enrolling, removing and recovering, against everything that may happen at the same moment (promise 6).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { answered, assertOneGotIn, atOnce, fewAtOnce, inTurn, tally } from './support/at-once.ts';
import { countEvents } from './support/audit-log.ts';
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

const rounds = process.env.SALLYPORT_CHAOS === '1' ? 100 : 20;

let stack: Stack;
before(async () => {
  const instances = sharedRedisMissing ? 1 : 2;
  stack = await startStack({ gateways: instances, otps: instances, env: { PASSWORD_TRIES_PER_ADDRESS: '0' } });
});
after(() => endSoundly(stack));

async function setUp(person: Person): Promise<{ secret: string }> {
  const setup = expect(200, await stack.api('POST', '/auth/otp/setup', { token: person.accessToken }));
  return { secret: setup.body.secret };
}

const enable = (person: Person, otp: string, at = 0) =>
  inTurn(stack.apis, at)('PUT', '/auth/otp/enable', { token: person.accessToken, body: { otp } });

test('confirms nothing with a wrong code, and only the newest pending secret', async () => {
  const ada = await signUp(stack.api);
  const first = await setUp(ada);
  const second = await setUp(ada);
  expectProblem(401, 'invalid-otp', await enable(ada, wrongCode(stack, second)));
  expectProblem(401, 'invalid-otp', await enable(ada, nextCode(stack, first)));
  const me = expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
  assert.equal(me.body.otp_enabled, false);
  expect(200, await enable(ada, nextCode(stack, second)));
});

test('ends a pending enrolment at five wrong codes or when its time is over, and touches no count', async () => {
  const ada = await signUp(stack.api);
  let pending = await setUp(ada);
  for (let at = 0; at < 5; at += 1) expectProblem(401, 'invalid-otp', await enable(ada, wrongCode(stack, pending)));
  expectProblem(404, 'no-pending-enrolment', await enable(ada, nextCode(stack, pending)));
  pending = await setUp(ada);
  await stack.sql('update otp.enrolment set expires_at = clock_timestamp() where user_id = $1', [ada.id]);
  expectProblem(404, 'no-pending-enrolment', await enable(ada, nextCode(stack, pending)));
  expectProblem(404, 'no-pending-enrolment', await stack.api('GET', '/qr_code', { token: ada.accessToken }));
  assert.equal(await countAttempts(stack, ada), 0);
});

test('gives one of twenty confirmations at once the factor, with one set of recovery codes', async () => {
  const ada = await signUp(stack.api);
  const pending = await setUp(ada);
  const otp = nextCode(stack, pending);
  const answers = await atOnce(20, (at) => enable(ada, otp, at));
  assertOneGotIn(answers);
  assert.ok(answered(answers).every(({ status }) => [200, 401, 404, 409].includes(status)));
  assert.equal(await countEvents(stack, ada.id, 'otp.enabled'), 1);
  const codes = await stack.sql(
    'select from otp.recovery_code join otp.recovery_set using (set_id) where user_id = $1',
    [ada.id],
  );
  assert.equal(codes.length, 10);
  // The code that confirmed is spent as well.
  const challenge = await challengeOf(stack.api, ada);
  expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: { challenge, otp } }));
});

test('lets one recovery code in once out of fifty at once, and spends no other', async () => {
  const ada = await signUpWithFactor(stack);
  const challenges = await fewAtOnce(10, (at) => challengeOf(inTurn(stack.apis, at), ada));
  const recovery_code = ada.recoveryCodes[3];
  const answers = await atOnce(50, (at) =>
    inTurn(stack.apis, at)('POST', '/login/otp', { body: { challenge: inTurn(challenges, at), recovery_code } }),
  );
  assertOneGotIn(answers);
  assert.equal(await countEvents(stack, ada.id, 'recovery_code.used'), 1);
  const state = await stack.api('GET', '/auth/otp', { token: ada.accessToken });
  assert.equal(state.body.recovery_codes_left, 9);
});

test('spends one of two recovery codes on one challenge', async () => {
  const ada = await signUpWithFactor(stack);
  const challenge = await challengeOf(stack.api, ada);
  const answers = await atOnce(4, (at) =>
    inTurn(stack.apis, at)('POST', '/login/otp', { body: { challenge, recovery_code: ada.recoveryCodes[at] } }),
  );
  assertOneGotIn(answers);
  const state = await stack.api('GET', '/auth/otp', { token: ada.accessToken });
  assert.equal(state.body.recovery_codes_left, 9);
});

test('uses a code of the old set before it is replaced or never', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await signUpWithFactor(stack);
    const challenge = await challengeOf(stack.api, ada);
    const otp = nextCode(stack, ada);
    const recovery_code = ada.recoveryCodes[0];
    const calls = [
      () => stack.api('POST', '/auth/otp/recovery_codes', { token: ada.accessToken, body: { otp } }),
      () => inTurn(stack.apis, 1)('POST', '/login/otp', { body: { challenge, recovery_code } }),
    ];
    const [made] = await atOnce(2, (at) => inTurn(calls, at)());
    expect(200, made as Awaited<ReturnType<(typeof calls)[0]>>);
    const state = await stack.api('GET', '/auth/otp', { token: ada.accessToken });
    assert.equal(state.body.recovery_codes_left, 10, 'the new set is whole');
    for (const old of ada.recoveryCodes.slice(0, 2)) {
      const again = await challengeOf(stack.api, ada);
      const answer = await stack.api('POST', '/login/otp', { body: { challenge: again, recovery_code: old } });
      expectProblem(401, 'invalid-otp', answer);
    }
  }
});

test(`keeps flag and factor equal over ${rounds} rounds of enabling against disabling`, async () => {
  const ada = await signUp(stack.api);
  const { password } = ada;
  const state = async () =>
    (
      await stack.sql<{ flag: boolean; active: boolean }>(
        `select otp_enabled as flag, coalesce(active, false) as active
         from users.account left join otp.factor on user_id = id where id = $1`,
        [ada.id],
      )
    )[0];
  let secret = '';
  for (let round = 0; round < rounds; round += 1) {
    const freshly = { password, ...(secret ? { otp: nextCode(stack, { secret }) } : {}) };
    const again = await stack.api('POST', '/reauthenticate', { token: ada.accessToken, body: freshly });
    ada.accessToken = expect(200, again).body.access_token;
    if (!(await state())?.active) secret = (await setUp(ada)).secret;
    const otp = nextCode(stack, { secret });
    const answers = await atOnce(4, (at) => {
      const body = at % 2 === 0 ? { otp } : { password, otp };
      const path = at % 2 === 0 ? '/auth/otp/enable' : '/auth/otp/disable';
      return inTurn(stack.apis, at)('PUT', path, { token: ada.accessToken, body });
    });
    assert.ok(answered(answers).every(({ status }) => [200, 401, 404, 409].includes(status)));
    assert.ok((tally(answers)[200] ?? 0) <= 1, 'one code, one change');
    const now = await state();
    assert.equal(now?.flag, now?.active);
    if (!now?.active) secret = '';
    // Whichever came last, the session that asked for it still lives.
    const enabled = answers.find((answer) => answer.status === 200 && answer.body.access_token);
    if (enabled) ada.accessToken = enabled.body.access_token;
    expect(200, await stack.api('GET', '/me', { token: ada.accessToken }));
  }
});
