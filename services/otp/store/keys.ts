import type { Queryable } from '@sallyport/postgres';

export interface KeyUse {
  id: string;
  rows: number;
  /** What the id stood for when it was registered. */
  fingerprint: Buffer | null;
}

/** More are not counted. */
export const mostCounted = 100_000;

/** The ids of a table's rows, in order: one step of its index for each. */
const idsOf = (name: string, table: string, condition: string) => `${name} (key_id) as (
    (select key_id from ${table} where ${condition} order by key_id limit 1)
    union all
    select following.key_id from ${name} cross join lateral (
      select key_id from ${table} where ${condition} and key_id > ${name}.key_id order by key_id limit 1) as following
  )`;

/**
 * The ids that rows name and that aren't at hand or stand for other bytes, and how many rows name each. Where all is well
 * it takes as many steps as there are ids, however many rows there are.
 * @param fitting ids and fingerprints of the keys that are at hand
 */
export async function findStrangeKeys(db: Queryable, fitting: ReadonlyMap<string, Buffer>): Promise<KeyUse[]> {
  return db.query<KeyUse>(
    `with recursive ${idsOf('of_factors', 'otp.factor', 'key_id is not null')},
       ${idsOf('of_sets', 'otp.recovery_set', 'true')},
       named as (
         select key_id from of_factors union select key_id from of_sets
         union select key_id from otp.enrolment where expires_at > clock_timestamp()
       ), strange as (
         select named.key_id, key.fingerprint from named left join otp.key on key.id = named.key_id
         where not exists (select from unnest($1::text[], $2::bytea[]) as at_hand (id, fingerprint)
           where at_hand.id = named.key_id and at_hand.fingerprint = coalesce(key.fingerprint, at_hand.fingerprint))
       )
     select key_id as id, fingerprint, (select count(*) from (
         select from otp.factor where factor.key_id = strange.key_id
         union all select from otp.enrolment where enrolment.key_id = strange.key_id and expires_at > clock_timestamp()
         union all select from otp.recovery_set where recovery_set.key_id = strange.key_id
         limit ${mostCounted}) as counted) as rows
     from strange order by key_id`,
    [[...fitting.keys()], [...fitting.values()]],
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
