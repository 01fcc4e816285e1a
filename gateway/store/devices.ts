import type { Queryable } from '@sallyport/postgres';

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

/**
 * By one statement: whether what was proved at these versions is worth nothing any more, and which of these devices the
 * account knows.
 */
export async function findStanding(
  db: Queryable,
  at: { userId: string; epoch: number; factorVersion: number },
  deviceIds: readonly string[],
): Promise<{ overtaken: boolean; devices: Device[] }> {
  const rows = await db.query<{ overtaken: boolean } & (DeviceRow | { id: null })>(
    `select d.*, exists (
       select from gateway.subject where user_id = $1 and (locked or epoch > $2 or factor_version > $3)) as overtaken
     from (values (1)) one left join (
       select d.* from gateway.device d join gateway.subject f using (user_id)
       where d.id = any ($4::uuid[]) and d.user_id = $1 and ${known}) d on true`,
    [at.userId, at.epoch, at.factorVersion, deviceIds],
  );
  return {
    overtaken: rows[0]?.overtaken !== false,
    devices: rows.flatMap((row) => (row.id === null ? [] : [toDevice(row)])),
  };
}

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
