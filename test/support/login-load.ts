// People who log in through both doors, refresh and are verified, all the time, without a call that may fail. Each has as
// many codes as an app gives at once; then somebody else signs up and enrols.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import { expect, tokensOf } from './people.ts';
import { type Enrolled, giveCode, signUpEnrolled } from './process-people.ts';
import { until } from './until.ts';

const roundsOfAPerson = 15;
const pauseMs = 100;
const pauseAfterFailureMs = 1_000;

export type LoginLoad = AsyncDisposable & {
  /** Everybody who ever took part. */
  people: Enrolled[];
  failures: string[];
  rounds(): number;
  /** Resolves when every round that runs now has ended, and one more of each worker. */
  turnover(): Promise<void>;
  end(): Promise<void>;
};

export function startLoginLoad(api: Api, workers: number): LoginLoad {
  const people: Enrolled[] = [];
  const failures: string[] = [];
  const rounds = Array.from({ length: workers }, () => 0);
  let ended = false;

  async function playRound(person: Enrolled): Promise<void> {
    const { username, password, deviceToken: device_token } = person;
    const first = expect(200, await api('POST', '/login', { body: { username, password, device_token } }));
    const body = { challenge: first.body.challenge, otp: giveCode(person), device_token };
    Object.assign(person, tokensOf(expect(200, await api('POST', '/login/otp', { body }))));
    const refresh = { refresh_token: person.refreshToken };
    Object.assign(person, tokensOf(expect(200, await api('POST', '/token/refresh', { body: refresh }))));
    expect(200, await api('GET', '/verify', { token: person.accessToken }));
  }

  async function playPerson(worker: number): Promise<void> {
    const person = await signUpEnrolled(api);
    people.push(person);
    for (let own = 0; own < roundsOfAPerson && !ended; own += 1) {
      await playRound(person);
      rounds[worker] = (rounds[worker] ?? 0) + 1;
      await sleep(pauseMs);
    }
  }

  async function work(worker: number): Promise<void> {
    while (!ended) {
      try {
        await playPerson(worker);
      } catch (error) {
        failures.push(`${error} ${(error as Error).cause ?? ''}`);
        await sleep(pauseAfterFailureMs);
      }
    }
  }

  async function end(): Promise<void> {
    ended = true;
    await Promise.all(working);
  }

  const working = rounds.map((_, worker) => work(worker));
  return {
    people,
    failures,
    rounds: () => rounds.reduce((sum, own) => sum + own, 0),
    async turnover() {
      const before = [...rounds];
      const isOver = () => rounds.every((own, worker) => own > (before[worker] ?? 0) + 1);
      await until('every worker has begun anew', () => failures.length > 0 || isOver());
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}
