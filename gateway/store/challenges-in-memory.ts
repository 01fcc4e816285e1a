import type { Challenge, ChallengeStore } from './challenges.ts';

/** Challenges of the one gateway that runs without Redis; a restart voids them. */
export function createChallengesInMemory(now: () => number): ChallengeStore {
  const entries = new Map<string, { challenge: Challenge; tries: number; forgetAt: number }>();

  const forgetOld = () => {
    for (const [hash, entry] of entries) {
      if (entry.forgetAt > now()) return;
      entries.delete(hash);
    }
  };

  return {
    async create(hash, challenge, tries) {
      forgetOld();
      entries.set(hash, { challenge, tries, forgetAt: 2 * challenge.expiresAt - now() });
    },
    async takeTry(hash) {
      const entry = entries.get(hash);
      if (entry === undefined) return { state: 'unknown' };
      if (entry.tries <= 0 || entry.challenge.expiresAt <= now()) return { state: 'dead' };
      entry.tries -= 1;
      return { state: 'taken', challenge: entry.challenge };
    },
    async giveBackTry(hash) {
      const entry = entries.get(hash);
      if (entry) entry.tries += 1;
    },
    async end(hash) {
      const entry = entries.get(hash);
      // No try given back makes it usable again.
      if (entry) entry.tries = Number.NEGATIVE_INFINITY;
    },
  };
}
