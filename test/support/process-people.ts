// People whose app never waits: with OTP_WINDOW at 10 the codes of twenty-one steps are good at once, and each one they
// give is of a later step than the one before. Calls here may meet a process that dies: those that ask `attempt` get
// undefined where there was no answer.
import type { Answered, Api } from './api.ts';
import { codeAt } from './authenticator.ts';
import { expect, type Person, signUp, tokensOf } from './people.ts';

export type Owner = Person & { lastStep: number };
export type Enrolled = Owner & { secret: string };

const stepMs = 30_000;
const windowSteps = 10;

export async function signUpOwner(api: Api, name?: string): Promise<Owner> {
  return { ...(await signUp(api, name)), lastStep: 0 };
}

export async function signUpEnrolled(api: Api, name?: string): Promise<Enrolled> {
  return enrolOwner(api, await signUpOwner(api, name));
}

/** The code of a step that lies past all that were given; pass a secret that isn't the owner's yet. */
export function giveCode(owner: Owner, secret: string = owner.secret ?? ''): string {
  let step = Math.max(currentStep() - windowSteps + 1, owner.lastStep + 1);
  while (isShownLater(secret, step)) step += 1;
  if (step > currentStep() + windowSteps) throw new Error(`${owner.username} has given all codes`);
  owner.lastStep = step;
  return codeAt(secret, step * stepMs);
}

/** Such a code would be taken for the later step, and those between be used up: one in fifty thousand. */
function isShownLater(secret: string, step: number): boolean {
  const code = codeAt(secret, step * stepMs);
  const later = Array.from({ length: 2 * windowSteps + 1 }, (_, more) => step + 1 + more);
  return later.some((one) => codeAt(secret, one * stepMs) === code);
}

export async function setUp(api: Api, owner: Owner): Promise<string> {
  return expect(200, await api('POST', '/auth/otp/setup', { token: owner.accessToken })).body.secret;
}

export async function enrolOwner(api: Api, owner: Owner): Promise<Enrolled> {
  const secret = await setUp(api, owner);
  const body = { otp: giveCode(owner, secret) };
  const enabled = expect(200, await api('PUT', '/auth/otp/enable', { token: owner.accessToken, body }));
  return Object.assign(owner, tokensOf(enabled), { secret, recoveryCodes: enabled.body.recovery_codes });
}

/** Step one; the answer may be complete or a challenge. */
export function provePassword(api: Api, owner: Owner): Promise<Answered> {
  return api('POST', '/login', { body: { username: owner.username, password: owner.password } });
}

/** A whole login, through as many doors as there are; the tokens become the owner's. */
export async function logInOwner(api: Api, owner: Owner): Promise<Answered> {
  const first = expect(200, await provePassword(api, owner));
  const body = { challenge: first.body.challenge, otp: '' };
  if (first.body.status === 'otp_required') body.otp = giveCode(owner);
  const answer = body.otp ? expect(200, await api('POST', '/login/otp', { body })) : first;
  Object.assign(owner, tokensOf(answer));
  return answer;
}

/** The answer, or undefined where the connection broke before one came. */
export async function attempt(call: Promise<Answered>): Promise<Answered | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TypeError && error.message === 'fetch failed') return undefined;
    if (error instanceof TypeError && error.message === 'terminated') return undefined;
    throw error;
  }
}

function currentStep(): number {
  return Math.floor(Date.now() / stepMs);
}
