import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Answered, Api, CallOptions } from './api.ts';
import { codeAt, createAuthenticator } from './authenticator.ts';
import type { Stack } from './stack.ts';

/** Somebody with an account, maybe an authenticator app, and the tokens of the last login. */
export interface Person {
  id: string;
  username: string;
  password: string;
  accessToken: string;
  refreshToken: string;
  deviceToken: string;
  /** Base32; set once enrolled. */
  secret?: string;
  recoveryCodes: string[];
}

/** Signs somebody up whom nobody has seen before. */
export async function signUp(api: Api, name = 'ada', password = `a long pass phrase ${name}`): Promise<Person> {
  const username = `${name}-${randomBytes(5).toString('hex')}@example.com`;
  const answer = expect(201, await api('POST', '/signup', { body: { username, password } }));
  return { id: answer.body.user.id, username, password, ...tokensOf(answer), recoveryCodes: [] };
}

/** Signs somebody up, scans the secret and confirms with a first code. */
export async function signUpWithFactor(stack: Stack, name?: string): Promise<Person & { secret: string }> {
  const person = await signUp(stack.api, name);
  return enrol(stack, person);
}

export async function enrol(stack: Stack, person: Person): Promise<Person & { secret: string }> {
  const setup = expect(200, await stack.api('POST', '/auth/otp/setup', { token: person.accessToken }));
  const { secret } = createAuthenticator(setup.body.otpauth_uri);
  const otp = codeAt(secret, stack.clock.now());
  const enabled = expect(200, await stack.api('PUT', '/auth/otp/enable', { token: person.accessToken, body: { otp } }));
  Object.assign(person, tokensOf(enabled), { secret, recoveryCodes: enabled.body.recovery_codes });
  return person as Person & { secret: string };
}

/** The code of the next time step, at its very beginning: what the app shows in half a minute at most. */
export function nextCode(stack: Stack, person: { secret: string }): string {
  stack.clock.advance(30_000 - (stack.clock.now() % 30_000));
  return codeAt(person.secret, stack.clock.now());
}

/** Six digits that no step near now has. */
export function wrongCode(stack: Stack, person: { secret: string }): string {
  const near = new Set<string>();
  for (let step = -12; step <= 12; step += 1) near.add(codeAt(person.secret, stack.clock.now() + step * 30_000));
  for (let code = 0; ; code += 1) {
    const text = String(code).padStart(6, '0');
    if (!near.has(text)) return text;
  }
}

/** Proves the password and returns the challenge. */
export async function challengeOf(api: Api, person: Person, options: CallOptions = {}): Promise<string> {
  const { username, password } = person;
  const answer = expect(200, await api('POST', '/login', { ...options, body: { username, password } }));
  assert.equal(answer.body.status, 'otp_required');
  return answer.body.challenge;
}

/** A whole login through both doors. */
export async function logIn(stack: Stack, person: Person & { secret: string }): Promise<Answered> {
  const challenge = await challengeOf(stack.api, person);
  const otp = nextCode(stack, person);
  const answer = expect(200, await stack.api('POST', '/login/otp', { body: { challenge, otp } }));
  Object.assign(person, tokensOf(answer));
  return answer;
}

export function tokensOf(answer: Answered): Pick<Person, 'accessToken' | 'refreshToken' | 'deviceToken'> {
  const { access_token: accessToken, refresh_token: refreshToken, device_token: deviceToken } = answer.body;
  return { accessToken, refreshToken, deviceToken };
}

/** Passes the answer on if it has the status. */
export function expect(status: number, answer: Answered): Answered {
  assert.equal(answer.status, status, `expected ${status}: ${answer.text.slice(0, 500)}`);
  return answer;
}

/** Passes the answer on if it is this problem. */
export function expectProblem(status: number, code: string, answer: Answered): Answered {
  expect(status, answer);
  assert.equal(answer.body.code, code, answer.text);
  return answer;
}
