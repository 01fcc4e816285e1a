// What a well-behaved client reads of a 429: which limit, its quota, and when to come back (RFC 9110 10.2.3,
// draft-ietf-httpapi-ratelimit-headers-10); and that it reads nothing of what was right or wrong.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answered } from './support/api.ts';
import { endSoundly } from './support/assert-sound.ts';
import { challengeOf, expectProblem, nextCode, signUp, signUpWithFactor, wrongCode } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

let stack: Stack;
before(async () => {
  const limits = { PASSWORD_TRIES_PER_ADDRESS: '2', PASSWORD_SLOW_AFTER: '4', ADDRESS_FAILURES: '6' };
  stack = await startStack({
    env: { ...limits, SIGNUPS_PER_ADDRESS: '9', OTP_LOCK_AFTER: '2', CORS_ORIGINS: 'https://app.example.com' },
  });
});
after(() => endSoundly(stack));

const logIn = (username: string, from: string, password = 'not the password') =>
  stack.api('POST', '/login', { from, body: { username, password } });

/** The fields that speak of limits, seconds left aside, which `Retry-After` has too. */
function limitOf(answer: Answered): string[] {
  expectProblem(429, 'too-many-attempts', answer);
  const [field = '', policy = ''] = ['ratelimit', 'ratelimit-policy'].map((name) => answer.headers.get(name) ?? '');
  const [, name, seconds] = /^"([a-z]+)";r=0;t=(\d+)$/.exec(field) ?? [];
  assert.ok(Number(seconds) > 0 && seconds === answer.headers.get('retry-after'), field);
  return [name ?? field, policy];
}

/** What is left of an answer without its request id, its date and the seconds left. */
function shape(answer: Answered) {
  const headers = [...answer.headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
  const text = answer.text.replace(/"request_id":"[^"]+"/, '');
  return [answer.status, ...headers, text]
    .join('\n')
    .replace(/\d+ seconds|t=\d+|retry-after,\d+|content-length,\d+/g, '');
}

test('names the limit of an account and address, for names that nobody has just the same (promise 8)', async () => {
  const ada = await signUp(stack.api);
  const shapes = [];
  for (const [username, from] of [
    [ada.username, '192.0.2.1'],
    ['nobody@example.com', '192.0.2.2'],
  ] as const) {
    for (let at = 0; at < 2; at += 1) expectProblem(401, 'invalid-credentials', await logIn(username, from));
    const answers = [await logIn(username, from), await logIn(username, from, ada.password)];
    for (const answer of answers) assert.deepEqual(limitOf(answer), ['password', '"password";q=2;w=600']);
    shapes.push(...answers.map(shape));
  }
  assert.equal(new Set(shapes).size, 1, shapes.join('\n\n'));
});

test('names the pace of strangers', async () => {
  const ada = await signUp(stack.api);
  for (let at = 0; at < 4; at += 1) await logIn(ada.username, `192.0.2.${10 + at}`);
  await logIn(ada.username, '192.0.2.14');
  assert.deepEqual(limitOf(await logIn(ada.username, '192.0.2.15')), ['stranger', '"stranger";q=1;w=60']);
});

test('names the limit of an address at every call that it closes, and that of its signups', async () => {
  const from = '192.0.2.20';
  for (let at = 0; at < 6; at += 1) await logIn(`nobody-${at}@example.com`, from);
  const body = { username: 'new@example.com', password: 'a long pass phrase' };
  for (const answer of [
    await logIn('nobody-9@example.com', from),
    await stack.api('POST', '/signup', { from, body }),
    await stack.api('POST', '/token/refresh', { from, body: { refresh_token: 'x' } }),
  ]) {
    assert.deepEqual(limitOf(answer), ['address', '"address";q=6;w=600']);
  }
  for (let at = 0; at < 9; at += 1)
    await stack.api('POST', '/signup', { from: '192.0.2.21', body: { ...body, password: 'short' } });
  const signup = await stack.api('POST', '/signup', { from: '192.0.2.21', body });
  assert.deepEqual(limitOf(signup), ['signup', '"signup";q=9;w=3600']);
});

test('names the lock of codes, without a quota, and alike for a right and a wrong code', async () => {
  const ada = await signUpWithFactor(stack);
  const right = nextCode(stack, ada);
  const challenge = await challengeOf(stack.api, ada);
  const answer = (otp: string) => stack.api('POST', '/login/otp', { body: { challenge, otp } });
  const wrong = wrongCode(stack, ada);
  for (let at = 0; at < 2; at += 1) expectProblem(401, 'invalid-otp', await answer(wrong));
  const [first, second] = [await answer(wrong), await answer(right)];
  for (const locked of [first, second]) assert.deepEqual(limitOf(locked), ['code', '']);
  assert.equal(shape(first), shape(second));
});

test('lets pages of a listed origin read them', async () => {
  const answer = await stack.api('GET', '/healthz', { headers: { origin: 'https://app.example.com' } });
  assert.match(String(answer.headers.get('access-control-expose-headers')), /RateLimit,RateLimit-Policy,Retry-After/);
});
