/*
 * What an unknown name costs (promise 8): one hash of a kind (cost and pepper) that some account has. A name always
 * draws the same kind, by a keyed hash, and the kinds are drawn as often as the table holds them; else a raised cost
 * would show who has an account. The current kind is drawn from the low end, so that a name, like an account, only ever
 * moves to the current kind as the table does.
 */
import { createHmac } from 'node:crypto';
import type { Key } from '@sallyport/config';
import type { Logger } from '@sallyport/logger';
import type { Queryable } from '@sallyport/postgres';
import type { HashKind } from '../hashing/password-hasher.ts';
import { countHashKinds, type KindCount } from '../store/count-hash-kinds.ts';

export interface Decoys {
  kindFor(name: string): HashKind;
  close(): void;
}

const refreshMs = 600_000;

export async function openDecoys(options: {
  db: Queryable;
  key: Key;
  current: HashKind;
  logger: Logger;
}): Promise<Decoys> {
  const { db, key, current, logger } = options;
  let kinds = await countHashKinds(db);
  const refresh = async () => {
    try {
      kinds = await countHashKinds(db);
    } catch (error) {
      logger.warn({ err: error }, 'the kinds of hashes could not be counted');
    }
  };
  const timer = setInterval(refresh, refreshMs).unref();
  return {
    kindFor: (name) => drawKind(kinds, current, shareOf(key, name)),
    close: () => clearInterval(timer),
  };
}

/** The kind that covers a share of the accounts, counted from the current kind on. */
export function drawKind(kinds: readonly KindCount[], current: HashKind, share: number): HashKind {
  const total = kinds.reduce((sum, kind) => sum + kind.accounts, 0);
  const isCurrent = (kind: HashKind) => kind.cost === current.cost && kind.pepperId === current.pepperId;
  const ordered = [...kinds.filter(isCurrent), ...kinds.filter((kind) => !isCurrent(kind))];
  let left = share * total;
  for (const { cost, pepperId, accounts } of ordered) {
    left -= accounts;
    if (left < 0) return { cost, pepperId };
  }
  return current;
}

/** A number from 0 up to 1, always the same for a name. */
function shareOf(key: Key, name: string): number {
  const digest = createHmac('sha256', key.bytes).update(`sallyport/decoy/1\0${name}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
