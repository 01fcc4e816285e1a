import { deletePages, type Queryable } from '@sallyport/postgres';
import type { DeviceKey } from './devices.ts';

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

/** Those of the sessions that live now, by their ids. */
export async function findLiveSessions(
  db: Queryable,
  ids: readonly string[],
  idleSeconds: number,
): Promise<Map<string, Session>> {
  const rows = await db.query<SessionRow>(
    `select s.*, ${secondsLeft('s')} from gateway.session s join gateway.subject f using (user_id)
     where s.id = any($1::uuid[]) and ${live('$2')}`,
    [ids, idleSeconds],
  );
  return new Map(rows.map((row) => [row.id, toSession(row)]));
}

/**
 * Carries a session, and its device, over to new versions, methods or a new time of authentication, under the fence: as
 * long as it stands at the versions it was read with, so that it skips no change of somebody else's.
 * @returns undefined when the session has ended or was overtaken
 */
export async function carryOver(
  tx: Queryable,
  from: Pick<Session, 'id' | 'epoch' | 'factorVersion'>,
  to: { epoch: number; factorVersion: number; amr: readonly string[]; authTime: number },
): Promise<Session | undefined> {
  const [row] = await tx.query<SessionRow>(
    `with fence as (
       select f.* from gateway.subject f join gateway.session s using (user_id) where s.id = $1 for share of f),
     device as (
       update gateway.device d set epoch = $2, factor_version = $3 from gateway.session s, fence f
       where s.id = $1 and d.id = s.device_id and d.user_id = s.user_id and s.ended_at is null
         and s.epoch = $6 and s.factor_version = $7
         and not f.locked and f.epoch <= $2 and f.factor_version <= $3)
     update gateway.session s set epoch = $2, factor_version = $3, amr = $4, auth_time = $5,
       last_used_at = clock_timestamp()
     from fence f
     where s.id = $1 and s.ended_at is null and s.expires_at > clock_timestamp()
       and s.epoch = $6 and s.factor_version = $7
       and not f.locked and f.epoch <= $2 and f.factor_version <= $3
     returning s.*, ${secondsLeft('s')}, ${deviceKey('s')}`,
    [from.id, to.epoch, to.factorVersion, to.amr, to.authTime, from.epoch, from.factorVersion],
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

/** Forgets the sessions that ended a day ago, or could have; a challenge is long dead by then. */
export async function forgetSessions(db: Queryable): Promise<void> {
  await deletePages(db, 'gateway.session', `least(ended_at, expires_at) < now() - interval '1 day'`);
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
