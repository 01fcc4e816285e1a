import type { Queryable } from '@sallyport/postgres';
import type { Recording } from '../audit/store/outbox.ts';
import type { NewDevice } from './devices.ts';
import { type Session, secondsLeft } from './sessions.ts';

export interface NewSession extends Omit<Session, 'secondsLeft' | 'device'> {
  device: NewDevice;
  /** It was known before: should somebody have removed it meanwhile, it stays unknown. */
  deviceKnown: boolean;
  challengeHash: string | null;
  ip: string | null;
  userAgent: string | null;
  absoluteSeconds: number;
}

interface Inserted {
  seconds_left: number;
  device_stands: boolean;
  devices: number;
  factor_reset_at: Date | null;
}

/** A new session, how many devices its account had, and when the factor was reset if no login has said so yet. */
export interface InsertedSession {
  session: Session;
  devices: number;
  factorResetAt: Date | null;
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
  const { device, deviceKnown, challengeHash, ip, userAgent, absoluteSeconds, ...issued } = session;
  const [row] = await db.query<Inserted>(
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
     returning expires_at),
     added as (
       insert into gateway.device (id, user_id, username, epoch, factor_version, key_id, secret, hash, ip, user_agent)
       select $18, $2, $3, $5, $6, $19, $20::bytea, $21::bytea, $14, $15 from issued where not $22::boolean
       returning 1),
     renewed as (
       update gateway.device set epoch = $5, factor_version = $6, key_id = $19, secret = $20::bytea, hash = $21::bytea,
         ip = $14, user_agent = $15, last_used_at = clock_timestamp()
       from issued where gateway.device.id = $18 and gateway.device.user_id = $2 and $22::boolean
       returning 1),
     ${recording.expressions(23, 'exists (select from issued)')}
     select ${secondsLeft('issued')}, (select factor_reset_at from fence),
       exists (select from added union all select from renewed) as device_stands,
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
      challengeHash,
      session.refresh.number,
      session.refresh.keyId,
      session.refresh.secret,
      session.refresh.hash,
      ip,
      userAgent,
      session.accountCreatedAt,
      absoluteSeconds,
      device.id,
      device.keyId,
      device.secret,
      device.hash,
      deviceKnown,
      ...recording.values,
    ],
  );
  if (!row) return undefined;
  return {
    session: { ...issued, secondsLeft: row.seconds_left, device: row.device_stands ? device : undefined },
    devices: row.devices,
    factorResetAt: row.factor_reset_at,
  };
}
