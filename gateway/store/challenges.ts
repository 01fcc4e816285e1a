/** What a challenge stands for: a proved password and the versions under which it was proved. */
export interface Challenge {
  userId: string;
  epoch: number;
  factorVersion: number;
  /** The known device from which the password came. */
  deviceId?: string | undefined;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** `dead`: known, but expired, used or out of tries; `unknown`: never existed, or long gone. */
type TakenTry = { state: 'taken'; challenge: Challenge } | { state: 'dead' } | { state: 'unknown' };

/**
 * Where challenges live, under the SHA-256 of their handle. A try is taken by one atomic step, before the code is
 * looked at. An ended challenge stays known for as long again, so that sending it once more isn't taken for a guess.
 */
export interface ChallengeStore {
  create(hash: string, challenge: Challenge, tries: number): Promise<void>;
  takeTry(hash: string): Promise<TakenTry>;
  giveBackTry(hash: string): Promise<void>;
  end(hash: string): Promise<void>;
}
