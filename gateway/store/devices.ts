import { gathered, type Queryable } from '@sallyport/postgres';

/** What makes the token of a device. */
export interface DeviceKey {
  id: string;
  keyId: string;
  secret: Buffer;
}

export interface NewDevice extends DeviceKey {
  hash: Buffer;
}

/** A device that is known: somebody logged in from it completely, and nothing has ended it since. */
export interface Device extends NewDevice {
  userId: string;
  username: string;
}

/** The most that an account has; the least recently used ones are forgotten. */
export const mostDevices = 10;

const known = `not f.locked and d.epoch >= f.epoch and d.factor_version >= f.factor_version
  and (select count(*) from gateway.device n where n.user_id = d.user_id and n.last_used_at > d.last_used_at) < ${mostDevices}`;

interface SubjectRow {
  subject: string;
  subject_epoch: number;
  subject_factor_version: number;
  locked: boolean;
}

interface DeviceRow {
  id: string;
  user_id: string;
  username: string;
  key_id: string;
  secret: Buffer;
  hash: Buffer;
}

export async function findDevice(db: Queryable, id: string): Promise<Device | undefined> {
  const [row] = await db.query<DeviceRow>(
    `select d.* from gateway.device d join gateway.subject f using (user_id) where d.id = $1 and ${known}`,
    [id],
  );
  return row && toDevice(row);
}

function toDevice({ id, user_id: userId, username, key_id: keyId, secret, hash }: DeviceRow): Device {
  return { id, userId, username, keyId, secret, hash };
}

interface Claimed {
  userId: string;
  epoch: number;
  factorVersion: number;
  deviceIds: readonly string[];
}

/**
 * By one statement: whether what was proved at these versions is worth nothing any more, and which of these devices the
 * account knows. They are looked up by their own ids: the index of a user's devices looks cheaper while there are few.
 */
export const findStanding = gathered(async (db, claims: readonly Claimed[]) => {
  const rows = await db.query<SubjectRow & (DeviceRow | { id: null })>(
    `select f.user_id as subject, f.epoch as subject_epoch, f.factor_version as subject_factor_version, f.locked, d.*
     from gateway.subject f left join gateway.device d
       on d.id = any ($2::uuid[]) and d.user_id is not distinct from f.user_id and ${known}
     where f.user_id = any ($1::uuid[])`,
    [claims.map((claim) => claim.userId), claims.flatMap((claim) => claim.deviceIds)],
  );
  return claims.map(({ userId, epoch, factorVersion, deviceIds }) => {
    const own = rows.filter((row) => row.subject === userId);
    return {
      overtaken: own.some(
        (row) => row.locked || row.subject_epoch > epoch || row.subject_factor_version > factorVersion,
      ),
      devices: own.flatMap((row) => (row.id !== null && deviceIds.includes(row.id) ? [toDevice(row)] : [])),
    };
  });
});

export interface ListedDevice {
  id: string;
  created_at: Date;
  last_used_at: Date;
  ip: string | null;
  user_agent: string | null;
}

/** The known devices of an account, the last used first. */
export async function listKnownDevices(db: Queryable, userId: string): Promise<ListedDevice[]> {
  return db.query<ListedDevice>(
    `select d.id, d.created_at, d.last_used_at, d.ip, d.user_agent
     from gateway.device d join gateway.subject f using (user_id)
     where d.user_id = $1 and ${known} order by d.last_used_at desc`,
    [userId],
  );
}

/** Forgets one device; false where the account has none of that id. */
export async function deleteDevice(tx: Queryable, id: string, userId: string): Promise<boolean> {
  const rows = await tx.query('delete from gateway.device where id = $1 and user_id = $2 returning 1', [id, userId]);
  return rows.length === 1;
}

/** Forgets the devices beyond the most; their ids. */
export async function trimDevices(tx: Queryable, userId: string): Promise<string[]> {
  await tx.query('select from gateway.subject where user_id = $1 for update', [userId]);
  const rows = await tx.query<{ id: string }>(
    `delete from gateway.device where id in (
       select id from gateway.device where user_id = $1 order by last_used_at desc offset ${mostDevices})
     returning id`,
    [userId],
  );
  return rows.map((row) => row.id);
}
