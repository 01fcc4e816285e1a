// The acceptance of promise 1: whatever a code is sent to, as often and as simultaneously as one likes, over two
// gateways and two otp instances, it lets exactly one in. All limits on guesses are off, so that every use is looked
// at. SALLYPORT_CHAOS=1 plays fifty rounds instead of six.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answered, Api } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { assertOneGotIn, atOnce, fewAtOnce, inTurn } from './support/at-once.ts';
import { challengeOf, nextCode, type Person, signUpWithFactor } from './support/people.ts';
import { forgetKeys } from './support/redis.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

const skip = sharedRedisMissing;
const rounds = process.env.SALLYPORT_CHAOS === '1' ? 50 : 6;
const usesAtOnce = 100;
const challengesAtOnce = 5;

let stack: Stack;
before(async () => {
  if (skip) return;
  const env = { OTP_LOCK_AFTER: '0', OTP_HARD_LOCK_AFTER: '0', CHALLENGE_TRIES: '0', PASSWORD_TRIES_PER_ADDRESS: '0' };
  stack = await startStack({ gateways: 2, otps: 2, env });
});
after(async () => {
  if (!skip) await endSoundly(stack);
});

type Use = (api: Api, person: Person, otp: string, challenge: string) => Promise<Answered>;

const answerChallenge: Use = (api, _person, otp, challenge) => api('POST', '/login/otp', { body: { challenge, otp } });
const logInAtOnce: Use = (api, { username, password }, otp) =>
  api('POST', '/login', { body: { username, password, otp } });
const reauthenticate: Use = (api, { accessToken: token, password }, otp) =>
  api('POST', '/reauthenticate', { token, body: { password, otp } });
const regenerate: Use = (api, { accessToken: token }, otp) =>
  api('POST', '/auth/otp/recovery_codes', { token, body: { otp } });
const disable: Use = (api, { accessToken: token, password }, otp) =>
  api('PUT', '/auth/otp/disable', { token, body: { password, otp } });

const lasting = [answerChallenge, logInAtOnce, answerChallenge, reauthenticate, answerChallenge, regenerate];

/** Whether the code opened this; once the factor is gone, it is no longer looked at. */
const usedTheCode = ({ status, body }: Answered) => status === 200 && body.user?.otp_enabled !== false;

async function playRound(uses: readonly Use[], disturb: () => Promise<void> = async () => {}): Promise<void> {
  const person = await signUpWithFactor(stack);
  const challenges = await fewAtOnce(challengesAtOnce, (at) => challengeOf(inTurn(stack.apis, at), person));
  const otp = nextCode(stack, person);
  const answers = atOnce(usesAtOnce, (at) =>
    inTurn(uses, at)(inTurn(stack.apis, Math.floor(at / uses.length)), person, otp, inTurn(challenges, at)),
  );
  await disturb();
  assertOneGotIn(await answers, usedTheCode);
  const accepted = await stack.sql('select from otp.outbox where body::json ->> $1 = $2 and body::json ->> $3 = $4', [
    'type',
    'sallyport.otp.verified',
    'subject',
    person.id,
  ]);
  assert.equal(accepted.length, 1);
}

const emptyRedis = () => forgetKeys(process.env.TEST_REDIS_URL ?? '', stack.redisPrefix);

test(`lets exactly one of ${usesAtOnce} simultaneous uses of a code in, ${rounds} rounds (RFC 6238 5.2)`, {
  skip,
}, async () => {
  for (let round = 0; round < rounds; round += 1) await playRound(lasting);
});

test('lets exactly one in where the code may also remove the factor', { skip }, async () => {
  for (let round = 0; round < rounds / 2; round += 1) await playRound([...lasting, disable]);
});

test('lets exactly one in while Redis is emptied in the middle and between the rounds', { skip }, async () => {
  for (let round = 0; round < rounds / 2; round += 1) {
    // Challenges are void with an emptied Redis; whoever sends the code with the password still gets in.
    await playRound(lasting, emptyRedis);
    await emptyRedis();
  }
});
