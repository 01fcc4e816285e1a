/**
 * A limit that refuses: failures or signups of an address, wrong passwords of an account from one place or from all
 * strangers, wrong codes in a lane.
 */
type LimitName = 'address' | 'signup' | 'password' | 'stranger' | 'code';

/** Refused whatever else is right or wrong, and for how long still. */
export interface Limited {
  outcome: 'limited';
  limit: LimitName;
  retryAfterSeconds: number;
}
