import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Pool } from 'undici';
import { idleMs } from './kept-connections.ts';

/*
 * Where a service is: every address behind its URLs, asked for again every two seconds, so that an instance that was
 * added gets its share soon and one that is gone gets nothing. A call goes where the fewest calls of this process run.
 * An instance that failed, or says that it is stopping, is left alone for two seconds while there is another one, and
 * then gets one call, until it has answered.
 */

const lookUpEveryMs = 2_000;
const shunMs = 2_000;

/** One address of a service, and the calls that run there. */
export interface Endpoint {
  readonly url: URL;
  readonly address: string;
  readonly family: 4 | 6;
  readonly pool: Pool;
  calls: number;
  /** Since when it hasn't answered as it should. */
  failedAtMs: number | undefined;
}

export interface Endpoints {
  /** Resolves when names were looked up, where no address is known; else there is nothing to wait for. */
  ready(): Promise<void> | undefined;
  /** The endpoint to call now; undefined where there is none but those that were tried. */
  choose(tried?: ReadonlySet<Endpoint>): Endpoint | undefined;
  /** Calls that run, and that wait for a connection, at all of them. */
  use(): { running: number; queued: number };
  close(): Promise<void>;
}

export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>;

export function openEndpoints(
  urls: readonly string[],
  options: Omit<Pool.Options, 'connect'>,
  resolve: Resolve = (hostname) => lookup(hostname, { all: true }),
): Endpoints {
  const places = urls.map((url) => new URL(url));
  const known = new Map<string, Endpoint>();
  let turn = 0;
  let looking: Promise<void> | undefined;
  let closed = false;

  async function look(): Promise<void> {
    const found = await Promise.all(places.map((url) => addressesOf(url, resolve)));
    for (const [at, url] of places.entries()) {
      const addresses = found[at];
      // A name that can't be resolved now leads where it led before; one that nobody knows any more leads nowhere.
      if (addresses === undefined || closed) continue;
      const wanted = new Set(addresses.map(({ address }) => `${url.origin} ${address}`));
      for (const [key, endpoint] of known) {
        if (endpoint.url !== url || wanted.has(key)) continue;
        known.delete(key);
        void endpoint.pool.close();
      }
      for (const { address, family } of addresses) {
        const key = `${url.origin} ${address}`;
        if (!known.has(key)) known.set(key, createEndpoint(url, address, family === 6 ? 6 : 4, options));
      }
    }
  }

  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const hasNames = places.some(({ hostname }) => isIP(bare(hostname)) === 0);
  const timer = hasNames ? setInterval(() => void lookOnce(), lookUpEveryMs).unref() : undefined;

  return {
    ready: () => (known.size === 0 ? lookOnce() : undefined),
    choose(tried = new Set()) {
      const others = [...known.values()].filter((endpoint) => !tried.has(endpoint));
      const fit = others.filter(isFit);
      turn += 1;
      return leastBusy(fit.length > 0 ? fit : others, turn);
    },
    use() {
      const stats = [...known.values()].map(({ pool }) => pool.stats);
      const sum = (of: 'running' | 'queued') => stats.reduce((total, each) => total + each[of], 0);
      return { running: sum('running'), queued: sum('queued') };
    },
    async close() {
      clearInterval(timer);
      closed = true;
      await Promise.all([...known.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

function createEndpoint(url: URL, address: string, family: 4 | 6, options: Omit<Pool.Options, 'connect'>): Endpoint {
  const pool = new Pool(url.origin, {
    ...options,
    keepAliveTimeout: idleMs,
    keepAliveMaxTimeout: idleMs,
    connect: {
      timeout: 1_000,
      lookup: (_hostname, { all }, found) => (all ? found(null, [{ address, family }]) : found(null, address, family)),
    },
  });
  return { url, address, family, pool, calls: 0, failedAtMs: undefined };
}

async function addressesOf({ hostname }: URL, resolve: Resolve) {
  const host = bare(hostname);
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  return resolve(host).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOTFOUND' ? [] : undefined));
}

function isFit({ failedAtMs, calls }: Endpoint): boolean {
  if (failedAtMs === undefined) return true;
  return calls === 0 && performance.now() - failedAtMs > shunMs;
}

/** Equally busy ones take turns. */
function leastBusy(endpoints: readonly Endpoint[], turn: number): Endpoint | undefined {
  const least = Math.min(...endpoints.map(({ calls }) => calls));
  const idlest = endpoints.filter(({ calls }) => calls === least);
  return idlest[turn % idlest.length];
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
