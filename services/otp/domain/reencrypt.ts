/*
 * Moving every secret to the key that writes, so that an old key can leave the ring (promise 7).
 * - It works beside running instances: row by row on condition that the ciphertext is still the one that was opened, so
 *   a secret that was replaced or removed meanwhile stays as its owner left it. What a batch has moved is committed.
 * - The writing key must be one that otp has started with in front, by its fingerprint: a secret under a key that nobody
 *   else has would be lost, and a proof while all of otp still writes with the old key would be worth nothing.
 * - What is written under an old key meanwhile (a pending enrolment that becomes a factor, an instance that has the old
 *   ring) is met by a further pass. The count comes last, and only that is the proof.
 * - What can't be opened is left as it is and named; lapsed enrolments, which nobody can use, go.
 */
import type { KeyRing } from '@sallyport/config';
import type { Db } from '@sallyport/postgres';
import { deleteLapsed } from '../store/enrolments.ts';
import { findKey, findStrangeKeys } from '../store/keys.ts';
import {
  countOtherKeys,
  listSealed,
  type Resealed,
  replaceSealed,
  type SealedGroup,
  type SealedRow,
  type SealedTable,
} from '../store/sealed-rows.ts';
import { findKeyFault, fingerprintOf, fingerprintsOf } from './check-keys.ts';
import { type Binding, factorBinding, open, recoverySetBinding, seal } from './sealed.ts';

const maxPasses = 5;
const firstId = '00000000-0000-0000-0000-000000000000';

const bindings: Record<SealedTable, (userId: string, id: string) => Binding> = {
  enrolment: factorBinding,
  factor: factorBinding,
  recovery_set: recoverySetBinding,
};

export interface ReencryptContext {
  db: Db;
  keys: KeyRing;
  randomBytes: (count: number) => Buffer;
  /** Told after every batch. */
  onProgress: (done: number, total: number) => void;
  onUnreadable: (table: SealedTable, row: SealedRow) => void;
  batchRows?: number;
}

export type Reencryption =
  | { outcome: 'refused'; fault: string }
  | { outcome: 'ended'; moved: number; unreadable: number; left: number };

export async function reencrypt(context: ReencryptContext): Promise<Reencryption> {
  const { db, keys, onProgress, batchRows = 200 } = context;
  const fault = await findFault(context);
  if (fault !== undefined) return { outcome: 'refused', fault };
  while ((await deleteLapsed(db, batchRows)) > 0);

  let groups = await countOtherKeys(db, keys.current.id);
  const total = countRows(groups);
  const unreadable = new Set<string>();
  let moved = 0;
  for (let pass = 0; pass < maxPasses && countRows(groups) > unreadable.size; pass += 1) {
    for (const group of groups) {
      for await (const rows of readBatches(db, group, batchRows)) {
        moved += await replaceSealed(db, group.table, reseal(context, group.table, rows, unreadable));
        onProgress(moved, Math.max(total, moved));
      }
    }
    groups = await countOtherKeys(db, keys.current.id);
  }
  return { outcome: 'ended', moved, unreadable: unreadable.size, left: countRows(groups) };
}

async function findFault({ db, keys }: ReencryptContext): Promise<string | undefined> {
  const fault = findKeyFault(keys, await findStrangeKeys(db, fingerprintsOf(keys)));
  if (fault !== undefined) return fault;
  const { id, bytes } = keys.current;
  const known = await findKey(db, id);
  if (known?.writes && known.fingerprint.equals(fingerprintOf(bytes))) return undefined;
  const isOther = known !== undefined && !known.fingerprint.equals(fingerprintOf(bytes));
  const what = isOther ? 'has as other bytes' : "doesn't write with yet";
  return `otp: OTP_ENCRYPTION_KEYS begins with ${id}, which otp ${what}: restart every instance of otp with this ring first`;
}

async function* readBatches(db: Db, group: SealedGroup, batchRows: number): AsyncGenerator<SealedRow[]> {
  for (let after = firstId; ; ) {
    const rows = await listSealed(db, group, after, batchRows);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.userId;
  }
}

function reseal(
  { keys, randomBytes, onUnreadable }: ReencryptContext,
  table: SealedTable,
  rows: readonly SealedRow[],
  unreadable: Set<string>,
): Resealed[] {
  return rows.flatMap((row) => {
    const binding = bindings[table](row.userId, row.id);
    const secret = open(keys, row.sealed, binding);
    if (secret !== undefined) return [{ ...row, resealed: seal(keys, randomBytes, secret, binding) }];
    const name = `${table} ${row.userId} ${row.id}`;
    if (!unreadable.has(name)) onUnreadable(table, row);
    unreadable.add(name);
    return [];
  });
}

const countRows = (groups: readonly SealedGroup[]) => groups.reduce((sum, { rows }) => sum + rows, 0);
