/** One bcrypt: a new hash at a cost, or a comparison with a hash of that cost. */
export interface HashJob {
  /** What bcrypt is given: 64 characters, never the password itself. */
  input: string;
  cost: number;
  /** The hash to compare with; without one a new hash is made. */
  hash?: string;
}

/** The new hash, or whether the input fits. */
export type HashResult = string | boolean;

/** Most that one core compares at once: with more, their states don't fit the first cache beside each other. */
export const mostLanes = 4;

/** Runs one job, or several comparisons of one cost at once; the results are in their order. */
export type Execute = (jobs: readonly HashJob[]) => Promise<readonly HashResult[]>;
