// Which gateway runs the loops. A lease is a row with a holder and a time of Postgres's clock; it only saves work.
// Nothing leans on it for safety: a holder that was stopped and comes back meets a compare-and-set everywhere.
import type { Logger } from '@sallyport/logger';
import type { Db } from '@sallyport/postgres';
import { startLoop } from './loop.ts';
import { settleWithin } from './settle-within.ts';
import { holdLease, releaseLease } from './store/lease.ts';

export interface Lease {
  held(): boolean;
  /** Gives the lease back, so that another gateway needn't wait for its end. */
  close(): Promise<void>;
}

const leaseSeconds = 3;
const renewMs = 1_000;
const releaseMs = 500;

export function startLease(options: {
  db: Db;
  name: string;
  holder: string;
  logger: Logger;
  now: () => number;
  /** Told when the lease was won. */
  onHeld: () => void;
}): Lease {
  const { db, name, holder } = options;
  let heldUntil = 0;
  const held = () => performance.now() < heldUntil;
  const loop = startLoop({
    name: 'audit lease',
    logger: options.logger,
    now: options.now,
    everyMs: renewMs,
    active: () => true,
    async round() {
      const asked = performance.now();
      const before = held();
      heldUntil = (await holdLease(db, name, holder, leaseSeconds)) ? asked + leaseSeconds * 1_000 : 0;
      if (held() !== before) options.logger.info({ holder }, before ? 'audit lease lost' : 'audit lease taken');
      if (held() && !before) options.onHeld();
      return false;
    },
  });
  return {
    held,
    async close() {
      await loop.close();
      heldUntil = 0;
      await settleWithin(releaseLease(db, name, holder), releaseMs);
    },
  };
}
