import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '@sallyport/contracts';
import { redisCall } from '@sallyport/redis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Places } from './places.ts';

/*
 * A limit on wrong guesses, counted before the check (promise 3). A guess is checked only while it has a place, and it
 * gets one only while wrong guesses and taken places together stay within the limit: so of any number at once no more
 * than that are looked at. A wrong guess is counted before its place is left: in between it counts twice, never not at
 * all. Where only guesses in flight fill the limit, the next one waits a little: people who are right at the same moment
 * don't lock each other out.
 */

export interface Guess {
  /** It was wrong: it counts, whether or not whoever guessed still listens. True for the one that reached the limit. */
  keep(): Promise<boolean>;
  /** It has been checked, or never will be: its place is free, once. One that can't be given back lapses. */
  leave(): void;
}

export type Reservation =
  | { outcome: 'reserved'; guess: Guess }
  | { outcome: 'limited'; retryAfterSeconds: number; guess: Guess };

export interface GuessLimit {
  /** Seconds until the key may guess again; undefined where it may now. */
  findBlock(key: string): Promise<number | undefined>;
  /** @throws Unavailable (overloaded) where guesses in flight fill the limit for too long, or too many wait */
  reserve(key: string): Promise<Reservation>;
  /** Ends a limit before its time. */
  forget(key: string): Promise<void>;
}

const patienceMs = 5_000;
const firstPauseMs = 10;
const longestPauseMs = 250;
const mostWaiting = 64;

/**
 * @param options.wrong counts wrong guesses within its window
 * @param options.limit how many of them; 0 turns it off
 * @param options.blockSeconds how long the key rests from the last allowed wrong guess on; else to the window's end
 */
export function createGuessLimit(options: {
  wrong: RateLimiterAbstract;
  places: Places;
  limit: number;
  blockSeconds?: number | undefined;
}): GuessLimit {
  const { wrong, places, limit, blockSeconds } = options;
  if (limit === 0) return noLimit;
  const waiting = new Map<string, number>();

  async function findBlock(key: string): Promise<number | undefined> {
    const state = await redisCall(wrong.get(key));
    return state && state.consumedPoints >= limit ? toSeconds(state.msBeforeNext) : undefined;
  }

  async function countWrong(key: string): Promise<boolean> {
    const state = await redisCall(wrong.penalty(key));
    const reached = state.consumedPoints === limit;
    if (blockSeconds !== undefined && reached) await redisCall(wrong.block(key, blockSeconds));
    return reached;
  }

  async function tryOnce(key: string): Promise<Reservation | 'full'> {
    const guess = createGuess(key, randomUUID());
    try {
      const taken = await redisCall(places.take(key, guess.token));
      if (taken.wrong < limit && taken.wrong + taken.places <= limit) return { outcome: 'reserved', guess };
      guess.leave();
      if (taken.wrong < limit) return 'full';
      return { outcome: 'limited', retryAfterSeconds: toSeconds(taken.msLeft), guess };
    } catch (error) {
      guess.leave();
      throw error;
    }
  }

  /** A wrong one that could not be counted keeps its place, until that lapses. */
  function createGuess(key: string, token: string): Guess & { token: string } {
    let uncounted = false;
    let left = false;
    return {
      token,
      async keep() {
        uncounted = true;
        const reached = await countWrong(key);
        uncounted = false;
        return reached;
      },
      leave() {
        if (uncounted || left) return;
        left = true;
        places.leave(key, token).catch(() => {});
      },
    };
  }

  async function wait(key: string): Promise<Reservation> {
    const deadline = performance.now() + patienceMs;
    for (let pause = firstPauseMs; performance.now() < deadline; pause = Math.min(2 * pause, longestPauseMs)) {
      await sleep(pause * (0.5 + Math.random() / 2));
      const result = await tryOnce(key);
      if (result !== 'full') return result;
    }
    throw new Unavailable('redis', { overloaded: true });
  }

  return {
    findBlock: (subject) => findBlock(inOneSlot(subject)),
    async reserve(subject) {
      const key = inOneSlot(subject);
      const result = await tryOnce(key);
      if (result !== 'full') return result;
      const others = waiting.get(key) ?? 0;
      if (others >= mostWaiting) throw new Unavailable('redis', { overloaded: true });
      waiting.set(key, others + 1);
      try {
        return await wait(key);
      } finally {
        const left = (waiting.get(key) ?? 1) - 1;
        if (left === 0) waiting.delete(key);
        else waiting.set(key, left);
      }
    },
    forget: async (subject) => void (await redisCall(wrong.delete(inOneSlot(subject)))),
  };
}

/** Both counts of a key lie on one node of a cluster, where one script reaches them. */
function inOneSlot(key: string): string {
  return `{${key}}`;
}

export function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

/** For what checks no credential, and where a limit is turned off. */
export const noGuess: Guess = { keep: async () => false, leave() {} };

const noLimit: GuessLimit = {
  findBlock: async () => undefined,
  reserve: async () => ({ outcome: 'reserved', guess: noGuess }),
  forget: async () => {},
};
