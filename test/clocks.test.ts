// Promises 1 and 5 with clocks that are wrong: a code is never good twice, and where the clock is more than a minute from
// the database's nobody can say which code is good, so none is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeAt } from './support/authenticator.ts';
import { startMoreGateway, startMoreOtp } from './support/more-parts.ts';
import { challengeOf, expect, expectProblem, logIn, nextCode, signUp, signUpWithFactor } from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

async function clocksOf(stack: Stack): Promise<string[]> {
  const parts = [stack.parts.users, ...stack.parts.otps, ...stack.parts.gateways];
  const answers = parts.map(async ({ opsUrl }) => {
    const answer = await fetch(`${opsUrl}/readyz`);
    const { clock } = (await answer.json()) as { clock: string };
    return `${answer.status} ${clock}`;
  });
  return Promise.all(answers);
}

test('more than 60 s from the database no part is ready, and codes are refused, uncounted, until the clock is right again', async () => {
  let ahead = 0;
  await using stack = await startStack({ databaseNow: () => Date.now() + ahead });
  const ada = await signUpWithFactor(stack);
  const eve = await signUp(stack.api, 'eve');
  const pending = expect(200, await stack.api('POST', '/auth/otp/setup', { token: eve.accessToken })).body;
  const challenge = await challengeOf(stack.api, ada);
  const attempts = async () => stack.sql<{ attempts: number }>('select attempts from otp.lane');
  const before = await attempts();
  assert.deepEqual(await clocksOf(stack), ['200 up', '200 up', '200 up']);

  ahead = 61_000;
  const wrong = ['503 down', '503 down', '503 down'].join();
  await until('no part is ready', async () => (await clocksOf(stack)).join() === wrong, { ms: 20_000, everyMs: 200 });
  const otp = codeAt(ada.secret, stack.clock.now() + 30_000);
  expectProblem(503, 'unavailable', await stack.api('POST', '/login/otp', { body: { challenge, otp } }));
  const first = { otp: codeAt(pending.secret, stack.clock.now()) };
  const token = eve.accessToken;
  expectProblem(503, 'unavailable', await stack.api('PUT', '/auth/otp/enable', { token, body: first }));
  assert.deepEqual(await attempts(), before);
  for (const { opsUrl } of [stack.parts.users, ...stack.parts.otps, ...stack.parts.gateways]) {
    const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
    assert.match(metrics, /^clock_offset_seconds -(60|61)/m);
  }

  ahead = 59_000;
  await until('all are ready', async () => (await clocksOf(stack)).join() === '200 up,200 up,200 up', {
    ms: 20_000,
    everyMs: 200,
  });
  expect(200, await stack.api('POST', '/login/otp', { body: { challenge, otp } }));
});

test('after a jump back by 5 minutes no code is good twice, and whose last step is not ahead logs in', async () => {
  await using stack = await startStack();
  const bob = await signUpWithFactor(stack, 'bob');
  stack.clock.advance(600_000);
  const ada = await signUpWithFactor(stack);
  await logIn(stack, ada);
  const used = codeAt(ada.secret, stack.clock.now());

  stack.clock.advance(-300_000);
  const early = codeAt(ada.secret, stack.clock.now());
  const challenge = await challengeOf(stack.api, ada);
  expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: { challenge, otp: early } }));
  await logIn(stack, bob);

  stack.clock.advance(300_000 - 30_000);
  const again = await challengeOf(stack.api, ada);
  expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: { challenge: again, otp: used } }));
  stack.clock.advance(60_000);
  await logIn(stack, ada);
});

test('of two instances whose clocks are 20 s apart each takes codes, and none that the other took', {
  skip: sharedRedisMissing,
}, async () => {
  await using stack = await startStack();
  await using ahead = await startMoreOtp(stack, {}, () => stack.clock.now() + 20_000);
  await using gateway = await startMoreGateway(stack, { OTP_URL: ahead.part.url });
  const ada = await signUpWithFactor(stack);
  for (const [one, other] of [
    [stack.api, gateway.api],
    [gateway.api, stack.api],
  ] as const) {
    const challenges = [await challengeOf(stack.api, ada), await challengeOf(stack.api, ada)];
    const otp = nextCode(stack, ada);
    expect(200, await one('POST', '/login/otp', { body: { challenge: challenges[0], otp } }));
    const replayed = await other('POST', '/login/otp', { body: { challenge: challenges[1], otp } });
    expectProblem(401, 'invalid-otp', replayed);
  }
});
