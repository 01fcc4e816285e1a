/*
 * What an unknown name costs (promise 8): one hash of a cost that some account has. A name always draws the same cost, by
 * a keyed hash, and costs are drawn as often as the table holds them; else a raised cost would show who has an account.
 * Nobody's cost moves at a restart, so no name's may. The key is the database's own, the costs are laid out by their
 * size alone, and peppers, which take no time, aren't looked at: a rotation of them changes no answer, on no instance.
 * A name then only ever moves, like an account, from one cost to another as the table does.
 */
import { createHmac } from 'node:crypto';
import type { Logger } from '@sallyport/logger';
import type { Queryable } from '@sallyport/postgres';
import { findDecoyKey } from '../store/find-decoy-key.ts';
import { type CostCount, countCosts } from '../store/hash-kinds.ts';

export interface Decoys {
  costFor(name: string): number;
  close(): void;
}

const refreshMs = 600_000;

/** @param options.emptyCost of a hash where there is no account yet */
export async function openDecoys(options: { db: Queryable; emptyCost: number; logger: Logger }): Promise<Decoys> {
  const { db, emptyCost, logger } = options;
  const key = await findDecoyKey(db);
  let kinds = await countCosts(db);
  const refresh = async () => {
    try {
      kinds = await countCosts(db);
    } catch (error) {
      logger.warn({ err: error }, 'the kinds of hashes could not be counted');
    }
  };
  const timer = setInterval(refresh, refreshMs).unref();
  return {
    costFor: (name) => drawCost(kinds, shareOf(key, name)) ?? emptyCost,
    close: () => clearInterval(timer),
  };
}

/** The cost that covers a share of the accounts, counted from the dearest on. */
export function drawCost(kinds: readonly CostCount[], share: number): number | undefined {
  let left = share * kinds.reduce((sum, kind) => sum + kind.accounts, 0);
  for (const { cost, accounts } of kinds.toSorted((a, b) => b.cost - a.cost)) {
    left -= accounts;
    if (left < 0) return cost;
  }
  return undefined;
}

/** A number from 0 up to 1, always the same for a name. */
function shareOf(key: Buffer, name: string): number {
  const digest = createHmac('sha256', key).update(`sallyport/decoy/1\0${name}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
