/*
 * How passwords are kept (promise 7): bcrypt(base64(HMAC-SHA-384(pepper, NFKC(password)))). The HMAC gives bcrypt 64
 * characters whatever the password's length, so neither its cut at 72 bytes nor the one at NUL is ever met, and without
 * the pepper a stolen table can't be guessed at (NIST SP 800-63B-4 section 3.1.1.2). Each hash names its pepper and its
 * cost; one that isn't current is made anew at the next login.
 */
import { createHmac } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Key, KeyRing } from '@sallyport/config';
import { normalForm, Unavailable } from '@sallyport/contracts';
import type { Registry } from 'prom-client';
import { createLanes } from './compare-in-lanes.mjs';
import { mostLanes } from './hash-job.ts';
import { createHashMetrics } from './hash-metrics.ts';
import { createHashQueue, type HashQueue } from './hash-queue.ts';
import { type Lanes, openHashWorker } from './open-hash-worker.ts';

/** A hash as an account keeps it. */
export interface StoredHash {
  hash: string;
  pepperId: string;
}

/** All of it throws Unavailable (overloaded) where too much is waiting. `from` is the address whose turn it takes. */
export interface PasswordHasher {
  /** Refuses now what would be refused after a look into the database. */
  requireRoom(from: string): void;
  /** @param options.ahead for a request that has spent a hash already and can't start again (hash-queue.ts) */
  hash(password: string, options: { from: string; ahead?: boolean }): Promise<StoredHash>;
  verify(password: string, stored: StoredHash, from: string): Promise<boolean>;
  /** Spends what verifying a hash of that cost takes. */
  spend(password: string, cost: number, from: string): Promise<void>;
  isCurrent(stored: StoredHash): boolean;
  close(): Promise<void>;
}

export const queueLimits = { maxWaiting: 256, maxWaitingOfOne: 48, maxExpectedMs: 3_000, deadlineMs: 8_000 };

/** @param options.onTrouble told why comparisons that come together are made one after the other here */
export function openHasher(options: {
  peppers: KeyRing;
  cost: number;
  lanes?: number;
  registry: Registry;
  onTrouble?: (trouble: string) => void;
}): PasswordHasher {
  const { peppers, cost, lanes = mostLanes, onTrouble = () => undefined } = options;
  const shared = openLanes(lanes, onTrouble);
  let together = shared === undefined ? 1 : lanes;
  const giveUpLanes = (trouble: string) => {
    together = 1;
    onTrouble(trouble);
  };
  const workers = Array.from({ length: availableParallelism() }, () => openHashWorker(shared, giveUpLanes));
  const metrics = createHashMetrics(options.registry, () => queue);
  const queue: HashQueue = createHashQueue({
    executors: workers.map((it) => it.execute),
    limits: queueLimits,
    metrics,
    lanes: () => together,
  });

  async function verify(password: string, stored: StoredHash, from: string): Promise<boolean> {
    const pepper = peppers.find(stored.pepperId);
    if (!pepper) throw new Unavailable('users', { cause: new Error(`there is no pepper ${stored.pepperId}`) });
    const input = bcryptInput(pepper, password);
    return (await queue.run({ input, cost: costOf(stored.hash), hash: stored.hash }, { from })) === true;
  }

  return {
    requireRoom: queue.requireRoom,
    async hash(password, options) {
      const hash = await queue.run({ input: bcryptInput(peppers.current, password), cost }, options);
      return { hash: String(hash), pepperId: peppers.current.id };
    },
    verify,
    async spend(password, cost, from) {
      await verify(password, { hash: emptyHash(cost), pepperId: peppers.current.id }, from);
    },
    isCurrent: (stored) => stored.pepperId === peppers.current.id && costOf(stored.hash) === cost,
    async close() {
      queue.close();
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Undefined where there is no WebAssembly, and where nothing is to be compared at once. */
function openLanes(most: number, onTrouble: (trouble: string) => void): Lanes | undefined {
  if (most === 1) return undefined;
  try {
    return createLanes(most);
  } catch (error) {
    onTrouble(String(error));
    return undefined;
  }
}

/** What bcrypt is given for a password: 64 characters of base64. One too long to be anybody's costs a hash all the same. */
export function bcryptInput(pepper: Key, password: string): string {
  const form = normalForm(password) ?? password;
  return createHmac('sha384', pepper.bytes).update(form, 'utf8').digest('base64');
}

function costOf(hash: string): number {
  return Number(hash.slice(4, 6));
}

/** A well-formed hash that no password fits. */
function emptyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
