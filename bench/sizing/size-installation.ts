// The arithmetic of "Sizing" in docs/operations.md; a test holds the tables there to it.

/** What one login takes of each, in milliseconds of one core; the hash is that of cost 10 and doubles with each step. */
export const cpuMs = { hash: 58, users: 1, otp: 1.5, gateway: 5, postgres: 4, redis: 0.5 };
/**
 * How busy cores may be at the peak: above it the wait grows without much more being done. Those that hash would be busy
 * all the time if they made one hash at a time. They make several at once where several wait, so they are four fifths
 * busy, and what they can make beyond is for what nobody foresaw; where they can't make several at once, it still goes.
 */
const busy = { hashing: 1, others: 0.7 };
/** Bytes in PostgreSQL, indexes included, measured on 10^6 accounts and events. */
export const bytes = {
  account: 405,
  factor: 2_630,
  device: 384,
  session: 750,
  event: 1_830,
  eventSeen: 150,
  kept: 900,
};
/** Events of a login, and how many of them otp keeps for 30 days and the gateway remembers for 35. */
const eventsOfLogin = { all: 3, ofServices: 1 };
/** Bytes in Redis: a challenge and what its login counts, for ten minutes; a used code, for four. */
const redisBytes = { login: 570, code: 152 };
const refreshesOfDay = 10;

export interface Installation {
  accounts: number;
  cost: number;
  /** Logins of one account in the hour of the peak. */
  loginsInHour?: number;
  /** By how much the busiest minutes of it exceed its mean. */
  peakFactor?: number;
  /** For which the log is kept. */
  days?: number;
}

export function sizeInstallation({ accounts, cost, loginsInHour = 1, peakFactor = 2, days = 90 }: Installation) {
  const loginsPerSecond = (accounts * loginsInHour * peakFactor) / 3_600;
  const coresFor = (ms: number, share = busy.others) => Math.ceil((loginsPerSecond * ms) / 1_000 / share);
  const cores = {
    users: coresFor(cpuMs.hash * 2 ** (cost - 10) + cpuMs.users, busy.hashing),
    otp: coresFor(cpuMs.otp),
    gateway: coresFor(cpuMs.gateway),
    postgres: coresFor(cpuMs.postgres),
    redis: coresFor(cpuMs.redis),
  };
  const eventsPerDay = accounts * (eventsOfLogin.all + refreshesOfDay);
  const perAccount = bytes.account + bytes.factor + bytes.device + bytes.session;
  const services = accounts * eventsOfLogin.ofServices * (35 * bytes.eventSeen + 30 * bytes.kept);
  return {
    loginsPerSecond,
    cores,
    /** A gateway and an otp use one core each, users all that it is given: here eight. */
    connections: 20 * cores.gateway + 10 * cores.otp + 10 * Math.ceil(cores.users / 8),
    eventsPerDay,
    accountsGb: (accounts * perAccount) / 1e9,
    logGb: (eventsPerDay * days * bytes.event + services) / 1e9,
    redisMb: (loginsPerSecond * (600 * redisBytes.login + 240 * redisBytes.code)) / 1e6,
  };
}
