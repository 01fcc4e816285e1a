import { Unavailable } from '@sallyport/contracts';
import type { RateLimiterRes } from 'rate-limiter-flexible';
import { createGuessLimit, type GuessLimit } from './guess-limit.ts';
import type { LimiterFactory } from './limiter-factory.ts';

const tenMinutes = 600;
const hour = 3_600;

/** The soft limits of CONTRACT's table; the count of wrong codes is otp's, in Postgres. */
export interface Limits {
  /** Wrong passwords of one account from one address. */
  passwords: GuessLimit;
  /** Failures of one address (an IPv6 /64). */
  addresses: GuessLimit;
  /** Failures of an IPv6 /48. */
  sites: GuessLimit;
  /** Counts a signup of an address; seconds to wait where there were too many. */
  countSignup(address: string): Promise<number | undefined>;
}

export function createLimits(
  create: LimiterFactory,
  config: { PASSWORD_TRIES_PER_ADDRESS: number; ADDRESS_FAILURES: number; SIGNUPS_PER_ADDRESS: number },
): Limits {
  const window = { windowSeconds: tenMinutes };
  const failures = { ...window, blockSeconds: tenMinutes };
  const signupsPerHour = config.SIGNUPS_PER_ADDRESS;
  const signups = create('signup', signupsPerHour, hour);
  return {
    passwords: createGuessLimit(create, { name: 'password', limit: config.PASSWORD_TRIES_PER_ADDRESS, ...window }),
    addresses: createGuessLimit(create, { name: 'address', limit: config.ADDRESS_FAILURES, ...failures }),
    sites: createGuessLimit(create, { name: 'site', limit: 10 * config.ADDRESS_FAILURES, ...failures }),
    async countSignup(address) {
      if (signupsPerHour === 0) return undefined;
      const state: RateLimiterRes = await signups.penalty(address).catch((cause: unknown) => {
        throw new Unavailable('redis', { cause });
      });
      return state.consumedPoints > signupsPerHour ? Math.ceil(state.msBeforeNext / 1_000) : undefined;
    },
  };
}
