// What a handful of accounts should look like from outside: a small model of the ten promises. Its times are those of the
// product's clock where that decides, else nothing passes: what Postgres's clock decides is moved by commands.
import { isNear } from './near.ts';

export const limits = { lockAfter: 4, hardLockAfter: 6, challengeTries: 3, enrolmentTries: 5 };
const challengeMs = 300_000;
const accessTokenMs = 600_000;
const freshMs = 300_000;

export interface ModelSession {
  id: string;
  deviceId: string;
  live: boolean;
  accessToken: string;
  accessTokenAt: number;
  authAt: number;
  /** All it ever had, the present one last. */
  refreshTokens: string[];
  /** By the machine's clock; undefined once the time of grace has passed. */
  rotatedAt: number | undefined;
}

export interface ModelChallenge {
  handle: string;
  at: number;
  triesLeft: number;
  dead: boolean;
}

export interface ModelLane {
  wrong: number;
  lock: 'none' | 'timed' | 'endless';
}

interface Enrolment {
  secret: string;
  triesLeft: number;
}

export interface Account {
  id: string;
  username: string;
  password: string;
  locked: boolean;
  /** Base32, while there is an active factor. */
  secret: string | undefined;
  /** The highest time step that was ever accepted. */
  lastStep: number;
  recoveryCodes: { text: string; state: 'unused' | 'used' | 'void' }[];
  enrolment: Enrolment | undefined;
  lanes: Map<string, ModelLane>;
  sessions: ModelSession[];
  challenges: ModelChallenge[];
  /** Events that must be in the log, by what they say. */
  told: { verified: number; recovered: number; refused: number; locked: number };
  /** An answer was lost or 503: what came of it is read, not predicted. */
  unsure: boolean;
}

export interface Model {
  accounts: Account[];
}

export function laneOf(session: ModelSession): string {
  return session.deviceId;
}

export const strangers = 'strangers';

export function laneIn(account: Account, name: string): ModelLane {
  const lane = account.lanes.get(name) ?? { wrong: 0, lock: 'none' };
  account.lanes.set(name, lane);
  return lane;
}

export function endSessions(account: Account, kept?: ModelSession): void {
  for (const session of account.sessions) if (session !== kept) session.live = false;
}

export function endChallenges(account: Account): void {
  for (const challenge of account.challenges) challenge.dead = true;
}

export function startLanesAfresh(account: Account): void {
  for (const lane of account.lanes.values()) Object.assign(lane, { wrong: 0, lock: 'none' });
}

/** Whether a challenge can still be answered; undefined where that is a matter of seconds. */
export function isOpen(challenge: ModelChallenge, now: number): boolean | undefined {
  if (challenge.dead || challenge.triesLeft === 0) return false;
  return isNear(now - challenge.at, challengeMs) ? undefined : now - challenge.at < challengeMs;
}

/** Whether its access token is good; undefined where that is a matter of seconds. */
export function isGood(session: ModelSession, now: number): boolean | undefined {
  if (!session.live) return false;
  return isNear(now - session.accessTokenAt, accessTokenMs) ? undefined : now - session.accessTokenAt < accessTokenMs;
}

export function isFresh(session: ModelSession, now: number): boolean | undefined {
  return isNear(now - session.authAt, freshMs) ? undefined : now - session.authAt < freshMs;
}
