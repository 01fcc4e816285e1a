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

/** What an id stood for when otp last started with it. */
export async function findFingerprint(db: Queryable, id: string): Promise<Buffer | undefined> {
  const [row] = await db.query<{ fingerprint: Buffer }>('select fingerprint from otp.key where id = $1', [id]);
  return row?.fingerprint;
}

export async function registerKey(db: Queryable, id: string, fingerprint: Buffer): Promise<void> {
  await db.query(
    `insert into otp.key as key (id, fingerprint) values ($1, $2)
     on conflict on constraint key_pk do update set fingerprint = excluded.fingerprint
     where key.fingerprint <> excluded.fingerprint`,
    [id, fingerprint],
  );
}
