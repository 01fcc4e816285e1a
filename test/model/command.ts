import assert from 'node:assert/strict';
import type fc from 'fast-check';
import type { Answered } from '../support/api.ts';
import type { Account, Model, ModelSession } from './model.ts';
import type { System } from './system.ts';

export type Command = fc.AsyncCommand<Model, System>;

/** A command of a name, shown with what was drawn for it. */
export function command<Drawn extends object>(
  name: string,
  drawn: Drawn,
  run: (model: Model, system: System, drawn: Drawn) => Promise<void>,
  check: (model: Model) => boolean = (model) => model.accounts.length > 0,
): Command {
  return {
    check: (model) => check(model),
    run: (model, system) => run(model, system, drawn),
    toString: () => `${name}(${JSON.stringify(drawn).slice(1, -1)})`,
  };
}

export interface Expected {
  status: number;
  code?: string;
}

export const refusals = {
  credentials: { status: 401, code: 'invalid-credentials' },
  otp: { status: 401, code: 'invalid-otp' },
  challenge: { status: 401, code: 'invalid-challenge' },
  refresh: { status: 401, code: 'invalid-refresh-token' },
  session: { status: 401, code: 'unauthenticated' },
  limited: { status: 429, code: 'too-many-attempts' },
  stale: { status: 403, code: 'reauthentication-required' },
  noFactor: { status: 404, code: 'no-factor' },
  noEnrolment: { status: 404, code: 'no-pending-enrolment' },
  enabled: { status: 409, code: 'otp-already-enabled' },
  notFound: { status: 404, code: 'not-found' },
} as const satisfies Record<string, Expected>;

/** Holds an answer to what the model says. */
export function hold(answer: Answered, expected: Expected, what: string): void {
  const said = { status: answer.status, ...(answer.status >= 400 ? { code: answer.body.code } : {}) };
  assert.deepEqual(said, { status: expected.status, ...(expected.code ? { code: expected.code } : {}) }, what);
}

/** One of the accounts that can be predicted, whatever number was drawn. */
export function pickAccount(model: Model, at: number): Account | undefined {
  const sure = model.accounts.filter((account) => !account.unsure);
  return sure[at % Math.max(sure.length, 1)];
}

/** Mostly a session that lives, if any does. */
export function pickSession(account: Account, at: number): ModelSession | undefined {
  const live = account.sessions.filter((session) => session.live);
  const from = at < 8 && live.length > 0 ? live : account.sessions;
  return from[at % Math.max(from.length, 1)];
}

/**
 * The answer, or undefined where it is 503 and a process has been killed: the one planned 503. What became of the
 * account is not known then.
 */
export function settled(system: System, account: Account, answer: Answered): Answered | undefined {
  if (answer.status !== 503 || !system.kill) return answer;
  account.unsure = true;
  return undefined;
}
