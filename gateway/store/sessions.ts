import type { Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';
import type { DeviceKey, NewDevice } from './devices.ts';

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
  /** The device that it was opened from. */
  deviceId: string | null;
  /** What makes the device's token; only where tokens are about to be given, and the device is still known. */
  device?: DeviceKey | undefined;
}

interface RefreshState {
  number: number;
  keyId: string;
  secret: Buffer;
  hash: Buffer;
}

export interface NewSession extends Omit<Session, 'secondsLeft' | 'device'> {
  device: NewDevice;
  challengeHash: string | null;
  ip: string | null;
  userAgent: string | null;
  absoluteSeconds: number;
}

/** A new session, how many devices its account had, and when the factor was reset if no login has said so yet. */
export interface InsertedSession {
  session: Session;
  devices: number;
  factorResetAt: Date | null;
}

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
  device_id: string | null;
  device_secret?: Buffer | null;
  device_key_id?: string | null;
}

/**
 * Issues a session under the fence: one statement that holds the account's row and writes nothing if it is locked or
 * has overtaken the versions that the login worked with, or if the challenge has already made a session. Its events
 * are recorded by the same statement, and its device becomes known by it.
 */
export async function insertSession(
  db: Queryable,
  session: NewSession,
  recording: Recording,
): Promise<InsertedSession | undefined> {
  const { device } = session;
  const [row] = await db.query<SessionRow & { devices: number; factor_reset_at: Date | null }>(
    `with created as (
       insert into gateway.subject (user_id, epoch, factor_version) values ($2, $5, $6)
       on conflict (user_id) do nothing returning 1),
     fence as (
       select factor_reset_at from gateway.subject
       where user_id = $2 and not locked and epoch <= $5 and factor_version <= $6 for share),
     issued as (insert into gateway.session (id, user_id, username, roles, epoch, factor_version, amr, auth_time, challenge_hash,
       refresh_number, refresh_key_id, refresh_secret, refresh_hash, ip, user_agent, account_created_at, expires_at,
       device_id)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
       clock_timestamp() + make_interval(secs => $17), $18
     where exists (select 1 from fence) or exists (select 1 from created)
     on conflict (challenge_hash) do nothing
     returning *),
     device as (
       insert into gateway.device as d (id, user_id, username, epoch, factor_version, key_id, secret, hash, ip, user_agent)
       select $18, $2, $3, $5, $6, $19, $20::bytea, $21::bytea, $14, $15 from issued
       on conflict (id) do update set epoch = excluded.epoch, factor_version = excluded.factor_version,
         key_id = excluded.key_id, secret = excluded.secret, hash = excluded.hash, ip = excluded.ip,
         user_agent = excluded.user_agent, last_used_at = excluded.last_used_at
       where d.user_id = excluded.user_id),
     ${recording.expressions(22, 'exists (select from issued)')}
     select *, ${secondsLeft('issued')}, (select factor_reset_at from fence),
       (select count(*) from gateway.device where user_id = $2) as devices
     from issued`,
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
      device.id,
      device.keyId,
      device.secret,
      device.hash,
      ...recording.values,
    ],
  );
  return row && { session: { ...toSession(row), device }, devices: row.devices, factorResetAt: row.factor_reset_at };
}

/** How long a session lives at most from now on, in whole seconds. */
export const secondsLeft = (session: string) =>
  `floor(extract(epoch from ${session}.expires_at - clock_timestamp()))::int as seconds_left`;

/** What makes the token of a session's device, while that is known. */
export const deviceKey = (session: string) =>
  ['secret', 'key_id']
    .map((name) => `(select d.${name} from gateway.device d where d.id = ${session}.device_id) as device_${name}`)
    .join(', ');

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
 * Carries a session, and its device, over to new versions, methods or a new time of authentication, under the fence.
 * @returns undefined when the session has ended or was overtaken
 */
export async function carryOver(
  tx: Queryable,
  id: string,
  to: { epoch: number; factorVersion: number; amr: readonly string[]; authTime: number },
): Promise<Session | undefined> {
  const [row] = await tx.query<SessionRow>(
    `with fence as (
       select f.* from gateway.subject f join gateway.session s using (user_id) where s.id = $1 for share of f),
     device as (
       update gateway.device d set epoch = $2, factor_version = $3 from gateway.session s, fence f
       where s.id = $1 and d.id = s.device_id and d.user_id = s.user_id and s.ended_at is null
         and not f.locked and f.epoch <= $2 and f.factor_version <= $3)
     update gateway.session s set epoch = $2, factor_version = $3, amr = $4, auth_time = $5,
       last_used_at = clock_timestamp()
     from fence f
     where s.id = $1 and s.ended_at is null and s.expires_at > clock_timestamp()
       and not f.locked and f.epoch <= $2 and f.factor_version <= $3
     returning s.*, ${secondsLeft('s')}, ${deviceKey('s')}`,
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
    deviceId: row.device_id,
    device:
      row.device_id && row.device_secret && row.device_key_id
        ? { id: row.device_id, secret: row.device_secret, keyId: row.device_key_id }
        : undefined,
  };
}
