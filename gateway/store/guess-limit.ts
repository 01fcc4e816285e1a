import { Unavailable } from '@sallyport/contracts';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { LimiterFactory } from './limiter-factory.ts';

/*
 * A limit on wrong guesses, counted before the check (promise 3). `reserved` holds guesses that are wrong or still
 * being checked, `wrong` those that turned out wrong. A guess starts only with a place among `reserved`: so of any
 * number at once, no more than the limit are looked at. Where the places are taken by guesses still in flight, the
 * next one waits for them: people who are right at the same moment don't lock each other out.
 */

export interface Guess {
  /** It was wrong: it stays counted. */
  keep(): Promise<void>;
  /** It was right, or never looked at: its place is free again. */
  release(): Promise<void>;
}

export type Reservation = { outcome: 'reserved'; guess: Guess } | { outcome: 'limited'; retryAfterSeconds: number };

export interface GuessLimit {
  reserve(key: string): Promise<Reservation>;
}

const pauseMs = 25;
const patienceMs = 10_000;

/**
 * @param options.limit wrong guesses within `windowSeconds`; 0 turns it off
 * @param options.blockSeconds how long the key rests from the last allowed wrong guess on; else to the window's end
 */
export function createGuessLimit(
  create: LimiterFactory,
  options: { name: string; limit: number; windowSeconds: number; blockSeconds?: number },
): GuessLimit {
  const { name, limit, windowSeconds, blockSeconds } = options;
  if (limit === 0) return noLimit;
  const reserved = create(`${name}:reserved`, limit, windowSeconds);
  const wrong = create(`${name}:wrong`, limit, windowSeconds);

  async function findBlock(key: string): Promise<number | undefined> {
    const state = await guarded(() => wrong.get(key));
    return state !== null && state.consumedPoints >= limit ? secondsOf(state) : undefined;
  }

  async function countWrong(key: string): Promise<void> {
    const state = await guarded(() => wrong.penalty(key));
    if (blockSeconds !== undefined && state.consumedPoints === limit) {
      await guarded(() => wrong.block(key, blockSeconds));
    }
  }

  const guess = (key: string): Guess => ({
    keep: () => countWrong(key),
    release: async () => void (await guarded(() => reserved.reward(key))),
  });

  return {
    async reserve(key) {
      for (let waited = 0; waited < patienceMs; waited += pauseMs) {
        const [placed, blocked] = await Promise.all([tryConsume(reserved, key), findBlock(key)]);
        if (placed && blocked === undefined) return { outcome: 'reserved', guess: guess(key) };
        await guarded(() => reserved.reward(key));
        if (blocked !== undefined) return { outcome: 'limited', retryAfterSeconds: blocked };
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      throw new Unavailable('redis', { overloaded: true });
    },
  };
}

async function tryConsume(limiter: RateLimiterAbstract, key: string): Promise<boolean> {
  return guarded(() =>
    limiter.consume(key).then(
      () => true,
      (rejection: unknown) => {
        if (rejection instanceof RateLimiterRes) return false;
        throw rejection;
      },
    ),
  );
}

/** Whatever the store says against a limit, nobody may pass it. */
async function guarded<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw new Unavailable('redis', { cause });
  }
}

function secondsOf(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
}

const noLimit: GuessLimit = {
  reserve: async () => ({ outcome: 'reserved', guess: { keep: async () => {}, release: async () => {} } }),
};
