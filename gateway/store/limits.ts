import { type RedisClient, redisCall } from '@sallyport/redis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { createGuessLimit, type GuessLimit, toSeconds } from './guess-limit.ts';
import { createPlacesInMemory, createPlacesInRedis } from './places.ts';
import { createStrangers, paceSeconds, type Strangers } from './strangers.ts';

const tenMinutes = 600;
/** How long an address or site rests that has reached its limit. */
export const addressRestSeconds = tenMinutes;
const hour = 3_600;

/** The soft limits; the count of wrong codes is otp's, in Postgres. */
export interface Limits {
  /** Wrong passwords of one account from one address, or from one of its known devices. */
  passwords: GuessLimit;
  /** Wrong passwords of one account from all devices that it doesn't know. */
  strangers: Strangers;
  /** Failures of one address (an IPv6 /64). */
  addresses: GuessLimit;
  /** Failures of an IPv6 /48. */
  sites: GuessLimit;
  signups: SignupLimit;
  /** Signups of an IPv6 /48. */
  siteSignups: SignupLimit;
}

interface SignupLimit {
  /** Seconds until the address may sign up again; undefined where it may now. */
  findBlock(address: string): Promise<number | undefined>;
  /** Counts one more; seconds to wait where there were too many. */
  count(address: string): Promise<number | undefined>;
}

interface Quotas {
  PASSWORD_TRIES_PER_ADDRESS: number;
  ADDRESS_FAILURES: number;
  SIGNUPS_PER_ADDRESS: number;
}

/** How many of what a limit counts it lets through in its window; a /48 has ten times its address's. */
export function quotasOf(config: Quotas) {
  return {
    address: { quota: config.ADDRESS_FAILURES, windowSeconds: tenMinutes },
    password: { quota: config.PASSWORD_TRIES_PER_ADDRESS, windowSeconds: tenMinutes },
    signup: { quota: config.SIGNUPS_PER_ADDRESS, windowSeconds: hour },
    stranger: { quota: 1, windowSeconds: paceSeconds },
  };
}

/** Limits in Redis, shared by all gateways, or in process where there is one gateway. */
export function createLimits(redis: RedisClient | undefined, config: Quotas & { PASSWORD_SLOW_AFTER: number }): Limits {
  const guesses = (name: string, limit: number, blockSeconds?: number) => {
    const wrong = createCounter(redis, `${name}:wrong`, limit, tenMinutes);
    const places = redis ? createPlacesInRedis(redis, name, wrong) : createPlacesInMemory(wrong);
    return createGuessLimit({ wrong, places, limit, blockSeconds });
  };
  return {
    passwords: guesses('password', config.PASSWORD_TRIES_PER_ADDRESS),
    strangers: createStrangers(redis, config.PASSWORD_SLOW_AFTER),
    addresses: guesses('address', config.ADDRESS_FAILURES, addressRestSeconds),
    sites: guesses('site', 10 * config.ADDRESS_FAILURES, addressRestSeconds),
    signups: createSignupLimit(redis, 'signup', config.SIGNUPS_PER_ADDRESS),
    siteSignups: createSignupLimit(redis, 'site-signup', 10 * config.SIGNUPS_PER_ADDRESS),
  };
}

/** A fixed-window counter: `points` within `windowSeconds`. */
export function createCounter(
  redis: RedisClient | undefined,
  name: string,
  points: number,
  windowSeconds: number,
): RateLimiterAbstract {
  const options = { keyPrefix: `limit:${name}`, points, duration: windowSeconds };
  return redis ? new RateLimiterRedis({ ...options, storeClient: redis }) : new RateLimiterMemory(options);
}

function createSignupLimit(redis: RedisClient | undefined, name: string, limit: number): SignupLimit {
  const counter = createCounter(redis, name, limit, hour);
  const ask = async (call: () => Promise<RateLimiterRes | null>, full: (count: number) => boolean) => {
    if (limit === 0) return undefined;
    const state = await redisCall(call());
    return state && full(state.consumedPoints) ? toSeconds(state.msBeforeNext) : undefined;
  };
  return {
    findBlock: (address) =>
      ask(
        () => counter.get(address),
        (count) => count >= limit,
      ),
    count: (address) =>
      ask(
        () => counter.penalty(address),
        (count) => count > limit,
      ),
  };
}
