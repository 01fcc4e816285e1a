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

/** Runs one job at a time. */
export type Execute = (job: HashJob) => Promise<HashResult>;
