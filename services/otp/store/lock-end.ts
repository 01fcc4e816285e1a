/** How many wrong codes in a row lock a lane for a while, and how many until an admin unlocks it; 0 turns one off. */
export interface LockLimits {
  lockAfter: number;
  hardLockAfter: number;
}

/**
 * When the lock of a lane with that many wrong in a row ends: 30 s at the limit, doubled by each further one up to an
 * hour, without end at the hard limit; null below. All three are SQL expressions.
 */
export const lockEnd = (wrongInRow: string, lockAfter: string, hardLockAfter: string) => `
  case
    when ${hardLockAfter} > 0 and ${wrongInRow} >= ${hardLockAfter} then 'infinity'::timestamptz
    when ${lockAfter} > 0 and ${wrongInRow} >= ${lockAfter} then clock_timestamp()
      + interval '1 second' * least(30 * power(2, least(${wrongInRow} - ${lockAfter}, 7)), 3600)
  end`;

/** Whether that many wrong in a row lock at all. */
export const locks = (wrongInRow: string, lockAfter: string, hardLockAfter: string) => `
  (${hardLockAfter} > 0 and ${wrongInRow} >= ${hardLockAfter} or ${lockAfter} > 0 and ${wrongInRow} >= ${lockAfter})`;
