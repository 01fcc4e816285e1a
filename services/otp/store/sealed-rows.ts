import type { Queryable } from '@sallyport/postgres';
import { type Sealed, type SealedColumns, toSealed } from './sealed-columns.ts';

/** Every table with ciphertexts, by the column that a secret is bound to beside its account. */
const boundTo = { enrolment: 'enrolment_id', factor: 'enrolment_id', recovery_set: 'set_id' } as const;

export type SealedTable = keyof typeof boundTo;
export const sealedTables = Object.keys(boundTo) as SealedTable[];

/** Rows of one table under one key. */
export interface SealedGroup {
  table: SealedTable;
  keyId: string;
  rows: number;
}

export interface SealedRow {
  userId: string;
  /** The enrolment or the set. */
  id: string;
  sealed: Sealed;
}

/** How many rows are under other keys than this one. */
export async function countOtherKeys(db: Queryable, keyId: string): Promise<SealedGroup[]> {
  const counts = sealedTables.map(
    (table) => `select '${table}' as "table", key_id as "keyId", count(*) as rows
      from otp.${table} where key_id <> $1 group by key_id`,
  );
  return db.query<SealedGroup>(`${counts.join(' union all ')} order by 1, 2`, [keyId]);
}

/** Rows of a group in the order of accounts, past `after`. */
export async function listSealed(
  db: Queryable,
  { table, keyId }: Pick<SealedGroup, 'table' | 'keyId'>,
  after: string,
  limit: number,
): Promise<SealedRow[]> {
  const rows = await db.query<SealedColumns & { user_id: string; id: string }>(
    `select user_id, ${boundTo[table]} as id, key_id, nonce, ciphertext from otp.${table}
     where key_id = $1 and user_id > $2::uuid order by user_id limit $3`,
    [keyId, after, limit],
  );
  return rows.map((row) => ({ userId: row.user_id, id: row.id, sealed: toSealed(row) }));
}

export interface Resealed extends SealedRow {
  resealed: Sealed;
}

/**
 * Replaces ciphertexts that still are what was read, and no others; how many those were. Rows are locked in the order of
 * accounts, so that two runs wait for each other instead of each waiting for both.
 */
export async function replaceSealed(db: Queryable, table: SealedTable, rows: readonly Resealed[]): Promise<number> {
  const replaced = await db.query(
    `with fresh as (
       select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[], $7::bytea[])
         as fresh (user_id, key_was, nonce_was, ciphertext_was, key_id, nonce, ciphertext)
     ), held as (
       select fresh.* from otp.${table} as old join fresh on old.user_id = fresh.user_id
       where (old.key_id, old.nonce, old.ciphertext) = (key_was, nonce_was, ciphertext_was)
       order by old.user_id for update of old
     )
     update otp.${table} as old set key_id = held.key_id, nonce = held.nonce, ciphertext = held.ciphertext
     from held where old.user_id = held.user_id returning old.user_id`,
    [
      rows.map((row) => row.userId),
      ...(['sealed', 'resealed'] as const).flatMap((which) => [
        rows.map((row) => row[which].keyId),
        rows.map((row) => row[which].nonce),
        rows.map((row) => row[which].ciphertext),
      ]),
    ],
  );
  return replaced.length;
}
