import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { otp } from '@sallyport/contracts';
import { codeAt } from '../../../test/support/authenticator.ts';
import type { TestOtp } from './start-test-otp.ts';

export const newChallenge = () => createHash('sha256').update(randomUUID()).digest('hex');

export interface Owner {
  id: string;
  secret: string;
  recoveryCodes: string[];
  /** The code that an app shows that many steps from now. */
  code(offsetSteps?: number): string;
  /** A code that no step near now has. */
  wrongCode(): string;
  use(value: string, more?: object, path?: string): Promise<Answer>;
  useRecovery(value: string, more?: object, path?: string): Promise<Answer>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are compared with what is expected of them
export type Answer = any;

/** An account with an active factor, enrolled two minutes before now. */
export async function createOwner(service: TestOtp): Promise<Owner> {
  const id = randomUUID();
  const started = await startEnrolment(service, id);
  service.clock.nowMs -= 120_000;
  const body = { user_id: id, attempt_id: randomUUID(), otp: codeAt(started.secret, service.clock.nowMs) };
  const confirmed = otp.EnrolmentConfirmation.parse((await service.post('/enrolments/confirm', body)).body);
  service.clock.nowMs += 120_000;
  assert.equal(confirmed.outcome, 'confirmed');
  return ownerOf(service, id, started.secret, confirmed.outcome === 'confirmed' ? confirmed.recovery_codes : []);
}

export async function startEnrolment(service: TestOtp, id: string, username = 'ada@example.com'): Promise<Answer> {
  const answer = await service.post('/enrolments', { user_id: id, username });
  assert.equal(answer.status, 200);
  return otp.EnrolmentStart.parse(answer.body);
}

const answers = {
  '/codes/verify': otp.CodeVerification,
  '/factors/disable': otp.FactorRemoval,
  '/recovery_codes': otp.Regeneration,
} as Record<string, { parse(value: unknown): Answer }>;

export function ownerOf(service: TestOtp, id: string, secret: string, recoveryCodes: string[]): Owner {
  const send = async (method: string, value: string, more: object = {}, path = '/codes/verify') => {
    const body = { user_id: id, attempt_id: randomUUID(), lane: 'unknown', challenge: newChallenge() };
    const answer = await service.post(path, { ...body, code: { method, value }, ...more });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answers[path]?.parse(answer.body);
  };
  const code = (offsetSteps = 0) => codeAt(secret, service.clock.nowMs + offsetSteps * 30_000);
  return {
    id,
    secret,
    recoveryCodes,
    code,
    wrongCode() {
      const near = new Set([-4, -3, -2, -1, 0, 1, 2, 3, 4].map(code));
      return ['000000', '111111', '222222'].find((candidate) => !near.has(candidate)) ?? '333333';
    },
    use: (value, more, path) => send('otp', value, more, path),
    useRecovery: (value, more, path) => send('recovery_code', value, more, path),
  };
}

export const times = <Result>(count: number, work: (at: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)));

export function tally(outcomes: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome, reason } of outcomes) {
    const key = reason ?? outcome;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** How many events of each type and reason the account has. */
export async function events(service: TestOtp, id: string): Promise<Record<string, number>> {
  const rows = await service.db.query<{ body: string }>('select body from otp.outbox order by ins');
  const counts: Record<string, number> = {};
  for (const event of rows.map((row) => JSON.parse(row.body)).filter((event) => event.subject === id)) {
    const name = event.type.replace('sallyport.', '');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
