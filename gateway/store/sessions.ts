import type { Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';

/** A session as issued: what its tokens say, and what makes its refresh tokens. */
export interface Session {
  id: string;
  userId: string;
  username: string;
  accountCreatedAt: Date;
  roles: string[];
  epoch: number;
  factorVersion: number;
  amr: string[];
  /** Seconds since 1970. */
  authTime: number;
  /** How long it lives at most from now on, in whole seconds. */
  secondsLeft: number;
  refresh: RefreshState;
}

interface RefreshState {
  number: number;
  keyId: string;
  secret: Buffer;
  hash: Buffer;
}

export interface NewSession extends Omit<Session, 'secondsLeft'> {
  challengeHash: string | null;
  ip: string | null;
  userAgent: string | null;
  absoluteSeconds: number;
}

/** A new session, and when the factor was reset if no login has said so yet. */
export type InsertedSession = Session & { factorResetAt: Date | null };

export interface SessionRow {
  id: string;
  user_id: string;
  username: string;
  roles: string[];
  epoch: number;
  factor_version: number;
  amr: string[];
  auth_time: number;
  account_created_at: Date;
  seconds_left: number;
  refresh_number: number;
  refresh_key_id: string;
  refresh_secret: Buffer;
  refresh_hash: Buffer;
}

/**
 * Issues a session under the fence: one statement that holds the account's row and writes nothing if it is locked or
 * has overtaken the versions that the login worked with, or if the challenge has already made a session. Its events
 * are recorded by the same statement.
 */
export async function insertSession(
  db: Queryable,
  session: NewSession,
  recording: Recording,
): Promise<InsertedSession | undefined> {
  const [row] = await db.query<SessionRow & { factor_reset_at: Date | null }>(
    `with created as (
       insert into gateway.subject (user_id, epoch, factor_version) values ($2, $5, $6)
       on conflict (user_id) do nothing returning 1),
     fence as (
       select factor_reset_at from gateway.subject
       where user_id = $2 and not locked and epoch <= $5 and factor_version <= $6 for share),
     issued as (insert into gateway.session (id, user_id, username, roles, epoch, factor_version, amr, auth_time, challenge_hash,
       refresh_number, refresh_key_id, refresh_secret, refresh_hash, ip, user_agent, account_created_at, expires_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
       clock_timestamp() + make_interval(secs => $17)
     where exists (select 1 from fence) or exists (select 1 from created)
     on conflict (challenge_hash) do nothing
     returning *),
     ${recording.expressions(18, 'exists (select from issued)')}
     select *, ${secondsLeft('issued')}, (select factor_reset_at from fence) from issued`,
    [
      session.id,
      session.userId,
      session.username,
      session.roles,
      session.epoch,
      session.factorVersion,
      session.amr,
      session.authTime,
      session.challengeHash,
      session.refresh.number,
      session.refresh.keyId,
      session.refresh.secret,
      session.refresh.hash,
      session.ip,
      session.userAgent,
      session.accountCreatedAt,
      session.absoluteSeconds,
      ...recording.values,
    ],
  );
  return row && { ...toSession(row), factorResetAt: row.factor_reset_at };
}

/** How long a session lives at most from now on, in whole seconds. */
export const secondsLeft = (session: string) =>
  `floor(extract(epoch from ${session}.expires_at - clock_timestamp()))::int as seconds_left`;

/** What makes a session live, as a condition over `s` (session) and `f` (subject); `$idle` is in seconds. */
export const live = (idle: string) => `s.ended_at is null and s.expires_at > clock_timestamp()
  and s.last_used_at > clock_timestamp() - make_interval(secs => ${idle})
  and not f.locked and s.epoch >= f.epoch and s.factor_version >= f.factor_version`;

/** The session if it lives now; asked anew at every request, never remembered. */
export async function findLiveSession(db: Queryable, id: string, idleSeconds: number): Promise<Session | undefined> {
  const [row] = await db.query<SessionRow>(
    `select s.*, ${secondsLeft('s')} from gateway.session s join gateway.subject f using (user_id) where s.id = $1 and ${live('$2')}`,
    [id, idleSeconds],
  );
  return row && toSession(row);
}

/**
 * Carries a session over to new versions, methods or a new time of authentication, under the fence.
 * @returns undefined when the session has ended or was overtaken
 */
export async function carryOver(
  tx: Queryable,
  id: string,
  to: { epoch: number; factorVersion: number; amr: readonly string[]; authTime: number },
): Promise<Session | undefined> {
  const [row] = await tx.query<SessionRow>(
    `with fence as (
       select f.* from gateway.subject f join gateway.session s using (user_id) where s.id = $1 for share of f)
     update gateway.session s set epoch = $2, factor_version = $3, amr = $4, auth_time = $5,
       last_used_at = clock_timestamp()
     from fence f
     where s.id = $1 and s.ended_at is null and s.expires_at > clock_timestamp()
       and not f.locked and f.epoch <= $2 and f.factor_version <= $3
     returning s.*, ${secondsLeft('s')}`,
    [id, to.epoch, to.factorVersion, to.amr, to.authTime],
  );
  return row && toSession(row);
}

/** Ends one session; false if it had ended before or isn't this account's. */
export async function endSession(tx: Queryable, id: string, userId: string, reason: string): Promise<boolean> {
  const rows = await tx.query(
    `update gateway.session set ended_at = clock_timestamp(), end_reason = $3
     where id = $1 and user_id = $2 and ended_at is null returning 1`,
    [id, userId, reason],
  );
  return rows.length === 1;
}

export interface ListedSession {
  id: string;
  created_at: Date;
  last_used_at: Date;
  ip: string | null;
  user_agent: string | null;
}

export async function listLiveSessions(db: Queryable, userId: string, idleSeconds: number): Promise<ListedSession[]> {
  return db.query<ListedSession>(
    `select s.id, s.created_at, s.last_used_at, s.ip, s.user_agent
     from gateway.session s join gateway.subject f using (user_id)
     where s.user_id = $1 and ${live('$2')} order by s.created_at desc limit 1000`,
    [userId, idleSeconds],
  );
}

/** Forgets some of the sessions that ended a day ago, or could have; a challenge is long dead by then. */
export async function forgetSessions(db: Queryable): Promise<void> {
  await db.query(
    `delete from gateway.session where id in (
       select id from gateway.session where least(ended_at, expires_at) < clock_timestamp() - interval '1 day'
       limit 1000)`,
  );
}

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    username: row.username,
    accountCreatedAt: row.account_created_at,
    roles: row.roles,
    epoch: row.epoch,
    factorVersion: row.factor_version,
    amr: row.amr,
    authTime: row.auth_time,
    secondsLeft: row.seconds_left,
    refresh: {
      number: row.refresh_number,
      keyId: row.refresh_key_id,
      secret: row.refresh_secret,
      hash: row.refresh_hash,
    },
  };
}
