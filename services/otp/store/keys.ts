import type { Queryable } from '@sallyport/postgres';

export interface KeyUse {
  id: string;
  rows: number;
  /** What the id stood for when it was registered. */
  fingerprint: Buffer | null;
}

/** The ids that rows name, how many name each, and what each stood for. */
export async function findKeysInUse(db: Queryable): Promise<KeyUse[]> {
  return db.query<KeyUse>(
    `select key_id as id, count(*) as rows, fingerprint from (
       select key_id from otp.factor where key_id is not null
       union all select key_id from otp.enrolment where expires_at > clock_timestamp()
       union all select key_id from otp.recovery_set) as named left join otp.key on id = key_id
     group by key_id, fingerprint order by key_id`,
  );
}

export interface KnownKey {
  /** What the id stood for when otp last started with it. */
  fingerprint: Buffer;
  /** An instance has started with it in front. */
  writes: boolean;
}

export async function findKey(db: Queryable, id: string): Promise<KnownKey | undefined> {
  const [row] = await db.query<KnownKey>(
    'select fingerprint, wrote_at is not null as writes from otp.key where id = $1',
    [id],
  );
  return row;
}

/** Notes a key that an instance starts with; `writes` where it is the one in front. */
export async function registerKey(db: Queryable, id: string, key: KnownKey): Promise<void> {
  await db.query(
    `insert into otp.key as key (id, fingerprint, wrote_at) values ($1, $2, case when $3::boolean then clock_timestamp() end)
     on conflict on constraint key_pk do update set
       fingerprint = excluded.fingerprint,
       wrote_at = case when key.fingerprint = excluded.fingerprint then coalesce(key.wrote_at, excluded.wrote_at)
         else excluded.wrote_at end
     where key.fingerprint <> excluded.fingerprint or (key.wrote_at is null and excluded.wrote_at is not null)`,
    [id, key.fingerprint, key.writes],
  );
}
