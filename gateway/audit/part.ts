/** The parts that record events; the name of a part ends the `source` of its events. */
export type Part = 'users' | 'otp' | 'gateway';
