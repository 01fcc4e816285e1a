import { Cluster, Redis } from 'ioredis';

/** Removes every key below a prefix, from all nodes of a cluster where there is one. */
export async function forgetKeys(url: string, prefix: string): Promise<void> {
  const nodes = url.split(',');
  if (nodes.length === 1) return forgetIn(new Redis(url), prefix);
  const cluster = new Cluster(nodes);
  try {
    await new Promise((resolve) => cluster.once('ready', resolve));
    await Promise.all(cluster.nodes('master').map((node) => forgetIn(node.duplicate(), prefix)));
  } finally {
    cluster.disconnect();
  }
}

async function forgetIn(redis: Redis, prefix: string): Promise<void> {
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      // One by one: those of a node of a cluster lie in several slots.
      await Promise.all((keys as string[]).map((key) => redis.unlink(key)));
    }
  } finally {
    redis.disconnect();
  }
}
