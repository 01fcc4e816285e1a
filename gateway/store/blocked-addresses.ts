/*
 * The blocks that admins made, in memory, so that a request asks no store. Every gateway reads them once a second, which
 * makes a change known everywhere within two; the one that made it reads them at once. Reads run one after the other, so
 * that no older one comes last. A block ends by itself, by a clock that nobody sets. While Postgres is away the last
 * known ones stand.
 */
import type { Queryable } from '@sallyport/postgres';
import ipaddr from 'ipaddr.js';
import { mask } from '../network.ts';
import { type AdminBlocks, readAdminBlocks, readNetwork } from './ip-blocks.ts';

export interface BlockedAddresses {
  has(ip: string): boolean;
  /** Resolves once what is committed now is known here. */
  refresh(): Promise<void>;
  close(): void;
}

const everyMs = 1_000;

export async function openBlockedAddresses(db: Queryable, onError: (error: Error) => void): Promise<BlockedAddresses> {
  let version: string | undefined;
  let find: (ip: string) => boolean = () => false;
  let waiting = 0;
  let last = Promise.resolve();

  async function read(): Promise<void> {
    const asOf = performance.now();
    const current = await readAdminBlocks(db, version);
    if (current.blocks) find = createLookup(current.blocks, asOf);
    version = current.version;
  }

  async function refresh(): Promise<void> {
    waiting += 1;
    const own = last.catch(() => {}).then(read);
    last = own;
    try {
      await own;
    } finally {
      waiting -= 1;
    }
  }

  await refresh();
  const poll = setInterval(() => {
    if (waiting === 0) refresh().catch(onError);
  }, everyMs).unref();
  return { has: (ip) => find(ip), refresh, close: () => clearInterval(poll) };
}

type EndsByNetwork = Map<string, number>;

/** One look for each length of prefix, however many blocks there are. */
function createLookup(blocks: NonNullable<AdminBlocks['blocks']>, asOf: number): (ip: string) => boolean {
  const byLength = new Map<string, { size: number; bits: number; ends: EndsByNetwork }>();
  for (const { network, ms_left } of blocks) {
    const { address, bits } = readNetwork(network);
    const length = `${address.length}/${bits}`;
    const { ends } = byLength.get(length) ?? { ends: new Map() };
    byLength.set(length, { size: address.length, bits, ends });
    const end = ms_left === null ? Number.POSITIVE_INFINITY : asOf + ms_left;
    ends.set(address.join(), Math.max(end, ends.get(address.join()) ?? 0));
  }
  const lengths = [...byLength.values()];
  return (ip) => {
    if (lengths.length === 0 || !ipaddr.isValid(ip)) return false;
    const address = ipaddr.process(ip).toByteArray();
    const now = performance.now();
    return lengths.some(
      ({ size, bits, ends }) => size === address.length && (ends.get(mask(address, bits).join()) ?? 0) > now,
    );
  };
}
