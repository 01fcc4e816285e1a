import { gathered, lockPatience, patienceOf, type Queryable } from '@sallyport/postgres';
import { joinRecordings, type Recording } from '../audit/store/outbox.ts';
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
  id: string;
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

const columns = `id uuid, user_id uuid, username text, roles text[], epoch bigint, factor_version bigint, amr text[],
  auth_time bigint, challenge_hash text, refresh_number bigint, refresh_key_id text, refresh_secret bytea, refresh_hash bytea,
  ip text, user_agent text, account_created_at timestamptz, lives interval, device_id uuid, device_key_id text,
  device_secret bytea, device_hash bytea, device_known boolean`;

/**
 * Issues sessions under the fence: one statement that holds the accounts' rows and writes nothing for one that is locked or
 * has overtaken the versions that the login worked with, or whose challenge has already made a session. Their events
 * are recorded by the same statement, and their devices become known by it. Those are looked up by their own ids alone: the
 * index of a user's devices looks cheaper while there are few.
 */
const insert = gathered(
  async (db, given: readonly { session: NewSession; recording: Recording }[]) => {
    const recording = joinRecordings(given.map(({ session: { id }, recording }) => ({ id, recording })));
    const rows = await db.query<Inserted>(
      `with asked as materialized (
         select asked.* from ${lockPatience(4)}, json_to_recordset($1::json) as asked (${columns})),
       created as (
         insert into gateway.subject (user_id, epoch, factor_version) select user_id, epoch, factor_version from asked
         on conflict (user_id) do nothing returning user_id),
       fence as (
         select s.user_id, s.factor_reset_at from gateway.subject s join asked using (user_id)
         where s.user_id = any ($2::uuid[]) and not s.locked and s.epoch <= asked.epoch
           and s.factor_version <= asked.factor_version
         for share of s),
       issued as (
         insert into gateway.session (id, user_id, username, roles, epoch, factor_version, amr, auth_time, challenge_hash,
           refresh_number, refresh_key_id, refresh_secret, refresh_hash, ip, user_agent, account_created_at, expires_at,
           device_id)
         select id, user_id, username, roles, epoch, factor_version, amr, auth_time, challenge_hash, refresh_number,
           refresh_key_id, refresh_secret, refresh_hash, ip, user_agent, account_created_at, clock_timestamp() + lives,
           device_id
         from asked where user_id in (select user_id from fence union all select user_id from created)
         on conflict (challenge_hash) do nothing
         returning id, user_id, device_id, expires_at),
       added as (
         insert into gateway.device (id, user_id, username, epoch, factor_version, key_id, secret, hash, ip, user_agent)
         select device_id, user_id, username, epoch, factor_version, device_key_id, device_secret, device_hash, ip, user_agent
         from asked where not device_known and id in (select id from issued)
         returning id),
       renewed as (
         update gateway.device d set epoch = asked.epoch, factor_version = asked.factor_version, key_id = device_key_id,
           secret = device_secret, hash = device_hash, ip = asked.ip, user_agent = asked.user_agent,
           last_used_at = clock_timestamp()
         from asked
         where d.id = any ($3::uuid[]) and d.id = asked.device_id and d.user_id is not distinct from asked.user_id
           and device_known and asked.id in (select id from issued)
         returning d.id),
       ${recording.expressions(5, 'cause in (select id from issued)')}
       select issued.id, ${secondsLeft('issued')}, factor_reset_at,
         device_id in (select id from added union all select id from renewed) as device_stands,
         (select count(*) from gateway.device d where d.user_id = issued.user_id) as devices
       from issued left join fence using (user_id)`,
      [
        JSON.stringify(given.map(({ session }) => toRow(session))),
        given.map(({ session }) => session.userId),
        given.flatMap(({ session: { device, deviceKnown } }) => (deviceKnown ? [device.id] : [])),
        patienceOf(given),
        ...recording.values,
      ],
    );
    return given.map(({ session }) => rows.find((row) => row.id === session.id));
  },
  { keyOf: ({ session }) => session.userId },
);

const hex = (bytes: Buffer) => `\\x${bytes.toString('hex')}`;

function toRow(session: NewSession) {
  const { refresh, device } = session;
  return {
    id: session.id,
    user_id: session.userId,
    username: session.username,
    roles: session.roles,
    epoch: session.epoch,
    factor_version: session.factorVersion,
    amr: session.amr,
    auth_time: session.authTime,
    challenge_hash: session.challengeHash,
    refresh_number: refresh.number,
    refresh_key_id: refresh.keyId,
    refresh_secret: hex(refresh.secret),
    refresh_hash: hex(refresh.hash),
    ip: session.ip,
    user_agent: session.userAgent,
    account_created_at: session.accountCreatedAt,
    lives: `${session.absoluteSeconds} s`,
    device_id: device.id,
    device_key_id: device.keyId,
    device_secret: hex(device.secret),
    device_hash: hex(device.hash),
    device_known: session.deviceKnown,
  };
}

export async function insertSession(
  db: Queryable,
  session: NewSession,
  recording: Recording,
): Promise<InsertedSession | undefined> {
  const row = await insert(db, { session, recording });
  if (!row) return undefined;
  const { device, deviceKnown, challengeHash, ip, userAgent, absoluteSeconds, ...issued } = session;
  return {
    session: { ...issued, secondsLeft: row.seconds_left, device: row.device_stands ? device : undefined },
    devices: row.devices,
    factorResetAt: row.factor_reset_at,
  };
}
