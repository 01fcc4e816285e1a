// What a company does while one of its stores fails over: people log in with their devices, each code at several doors at
// once; somebody sends every code that was used again; somebody else guesses. What each of them got is kept.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered, Api } from './api.ts';
import { atOnce, fewAtOnce, inTurn } from './at-once.ts';
import { type Enrolled, giveCode, signUpEnrolled } from './process-people.ts';
import { until } from './until.ts';

const crowd = 12;
const doorsOfACode = 2;
const pauseMs = 100;
/** OTP_LOCK_AFTER, as it is by default. */
const mostWrongCodes = 10;

type Use = { person: Enrolled; otp: string; gotIn: number };

export type FailoverLoad = AsyncDisposable & {
  /** Every code that was sent, and how often it opened a door: once at most. */
  uses: Use[];
  /** How many wrong codes of one account were looked at. */
  guessed(): number;
  /** Every status that anybody ever got. */
  statuses: Set<number>;
  /** Of the 503s, how long the slowest took. */
  slowestRefusalMs(): number;
  /** Resolves once everybody who works has logged in anew; how many milliseconds that took. */
  through(): Promise<number>;
  end(): Promise<void>;
};

export async function startFailoverLoad(apis: readonly Api[], workers = 3): Promise<FailoverLoad> {
  const statuses = new Set<number>();
  const uses: Use[] = [];
  const done = Array.from({ length: workers }, () => 0);
  let [ended, calls, guessed, slowestRefusalMs] = [false, 0, 0, 0];

  const call: Api = async (...request) => {
    calls += 1;
    const begun = performance.now();
    const answer = await inTurn(apis, calls)(...request);
    statuses.add(answer.status);
    if (answer.status === 503) slowestRefusalMs = Math.max(slowestRefusalMs, performance.now() - begun);
    return answer;
  };
  const people = await fewAtOnce(crowd, (at) => signUpEnrolled(inTurn(apis, at)));
  const victim = await signUpEnrolled(inTurn(apis, 0));

  async function prove({ username, password }: Enrolled, device_token?: string): Promise<string | undefined> {
    const device = device_token === undefined ? {} : { device_token };
    const { status, body } = await call('POST', '/login', { body: { username, password, ...device } });
    return status === 200 ? body.challenge : undefined;
  }

  const answer = (challenge: string, otp: string, device = {}): Promise<Answered> =>
    call('POST', '/login/otp', { body: { challenge, otp, ...device } });

  async function logIn(worker: number): Promise<void> {
    const person = inTurn(people, worker + workers * (done[worker] ?? 0));
    const challenges = await atOnce(doorsOfACode, () => prove(person, person.deviceToken));
    const open = challenges.filter((challenge) => challenge !== undefined);
    if (open.length === 0) return;
    const use: Use = { person, otp: giveCode(person), gotIn: 0 };
    uses.push(use);
    const device = { device_token: person.deviceToken };
    const answers = await Promise.all(open.map((challenge) => answer(challenge, use.otp, device)));
    use.gotIn += answers.filter(({ status }) => status === 200).length;
    if (use.gotIn > 0) done[worker] = (done[worker] ?? 0) + 1;
  }

  async function replay(): Promise<void> {
    const use = uses[Math.floor(Math.random() * uses.length)];
    const challenge = use && (await prove(use.person));
    if (use && challenge && use.gotIn > 0 && (await answer(challenge, use.otp)).status === 200) use.gotIn += 1;
  }

  async function guess(): Promise<void> {
    const challenge = await prove(victim);
    // A challenge that went with its server is 401 too, and no code was looked at.
    const { body } = challenge ? await answer(challenge, '000000') : { body: undefined };
    if (body?.code === 'invalid-otp') guessed += 1;
  }

  const repeat = async (work: () => Promise<void>): Promise<void> => {
    while (!ended) {
      await work();
      await sleep(pauseMs);
    }
  };
  const all = Promise.all([...done.map((_, worker) => repeat(() => logIn(worker))), repeat(replay), repeat(guess)]);
  all.catch(() => undefined);
  const end = async () => {
    ended = true;
    await all;
  };
  return {
    uses,
    guessed: () => guessed,
    statuses,
    slowestRefusalMs: () => slowestRefusalMs,
    async through() {
      const [begun, before] = [performance.now(), [...done]];
      const isOver = () => done.every((count, worker) => count > (before[worker] ?? 0));
      await until('everybody has logged in anew', () => isOver());
      return performance.now() - begun;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** The promises that no failure of Redis may touch: Postgres keeps them. */
export function assertHeld(load: FailoverLoad): void {
  assert.deepEqual(
    load.uses.filter(({ gotIn }) => gotIn > 1),
    [],
    'no code opened two doors',
  );
  assert.ok(load.uses.some(({ gotIn }) => gotIn === 1));
  assert.ok(load.guessed() <= mostWrongCodes, `${load.guessed()} wrong codes were looked at`);
  const planned = new Set([200, 401, 429, 503]);
  assert.deepEqual(
    [...load.statuses].filter((status) => !planned.has(status)),
    [],
  );
  assert.ok(load.statuses.has(503), 'the failure was met');
  assert.ok(
    load.slowestRefusalMs() < (process.env.SALLYPORT_CHAOS ? 2_000 : 30_000),
    `a refusal took ${load.slowestRefusalMs()} ms`,
  );
}
