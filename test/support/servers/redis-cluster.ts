// A private Redis Cluster: primaries with a replica each, every node a server of its own that can be killed alone. A
// node counts as dead after a second, and any replica that lives may follow it.
import { execFileSync } from 'node:child_process';
import type { Redis } from 'ioredis';
import { until } from '../until.ts';
import { findServers } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { openAdmin, type RedisOptions, startRedis } from './redis.ts';
import type { TestServer } from './server.ts';

export type RedisClusterOptions = RedisOptions & {
  primaries?: number;
  /** False: the slots of living primaries are served while another is dead. True by default, as Redis has it. */
  fullCoverage?: boolean;
};

export type RedisCluster = AsyncDisposable & {
  /** All nodes, comma-separated. */
  url: string;
  /** The primaries of the beginning, then a replica of each in the same order. */
  nodes: TestServer[];
  /** The node that has the slot of the key now, by what another one says. */
  ownerOf(key: string): Promise<TestServer>;
  /** Waits until every slot is served. */
  whole(): Promise<void>;
  close(): Promise<void>;
};

const slots = 16_384;

/** Why there can be no cluster here; for the `skip` option of a test. */
export const clusterMissing: string | false = findFault();

function findFault(): string | false {
  const { path, missing } = findServers().redis;
  if (missing !== undefined) return missing;
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return Number(/v=(\d+)/.exec(version)?.[1]) >= 7 ? false : 'a cluster of tests needs Redis 7 or newer';
}

export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { primaries = 3, fullCoverage = true, args = [], ...own } = options;
  await using opened = new AsyncDisposableStack();
  const settings = [
    ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0'],
    ...['--cluster-require-full-coverage', fullCoverage ? 'yes' : 'no', '--repl-diskless-sync-delay', '0'],
    ...(own.tls ? ['--tls-cluster', 'yes'] : []),
    ...args,
  ];
  const startNode = async () => {
    const node = await startRedis({ ...own, args: [...settings, '--cluster-port', String(await findFreePort())] });
    return opened.use(node);
  };
  const nodes = await Promise.all(Array.from({ length: 2 * primaries }, startNode));
  await join(nodes, primaries);

  async function ask<Answer>(question: (node: Redis) => Promise<Answer>): Promise<Answer> {
    const living = nodes.find((node) => node.pids().length > 0);
    if (!living) throw new Error('no node lives');
    return withNode(living, question);
  }

  const kept = opened.move();
  return {
    url: nodes.map(({ url }) => url).join(),
    nodes,
    async ownerOf(key) {
      const port = await ask(async (node) => {
        const slot = Number(await node.cluster('KEYSLOT', key));
        const ranges = await node.cluster('SLOTS');
        return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2]?.[1];
      });
      const owner = nodes.find(({ url }) => url.endsWith(`:${port}`));
      if (!owner) throw new Error(`nobody has the slot of ${key}`);
      return owner;
    },
    async whole() {
      await until('every slot is served', () => ask(isWhole));
    },
    close: () => kept.disposeAsync(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What `redis-cli --cluster create` does, without its pauses. */
async function join(nodes: readonly TestServer[], primaries: number): Promise<void> {
  const [first] = nodes;
  if (!first) throw new Error('a cluster needs nodes');
  const all = nodes.map(({ url }) => openAdmin(url));
  try {
    const ids = await Promise.all(all.map((node) => node.cluster('MYID') as Promise<string>));
    const [, busPort] = (await withNode(first, (node) => node.config('GET', 'cluster-port'))) as [string, string];
    const { port } = new URL(first.url);
    for (const [at, node] of all.entries()) {
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
      if (at > 0) await node.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
      const share = [at, at + 1].map((part) => Math.floor((part * slots) / primaries)) as [number, number];
      if (at < primaries) await node.call('CLUSTER', 'ADDSLOTSRANGE', share[0], share[1] - 1);
    }
    await until('all nodes know each other', async () => {
      const known = await Promise.all(all.map((node) => node.cluster('NODES') as Promise<string>));
      return known.every((text) => ids.every((id) => new RegExp(`^${id} [^\\n]* connected`, 'm').test(text)));
    });
    for (const [at, node] of all.entries()) {
      if (at >= primaries) await node.cluster('REPLICATE', String(ids[at - primaries]));
    }
    await until('replicas follow', async () => {
      const texts = await Promise.all(all.slice(primaries).map((node) => node.info('replication')));
      return texts.every((text) => text.includes('master_link_status:up'));
    });
    await until('every slot is served', async () => (await Promise.all(all.map(isWhole))).every(Boolean));
  } finally {
    for (const node of all) node.disconnect();
  }
}

async function isWhole(node: Redis): Promise<boolean> {
  const info = (await node.cluster('INFO')) as string;
  return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`);
}

async function withNode<Answer>(server: TestServer, question: (node: Redis) => Promise<Answer>): Promise<Answer> {
  const node = openAdmin(server.url);
  try {
    return await question(node);
  } finally {
    node.disconnect();
  }
}
