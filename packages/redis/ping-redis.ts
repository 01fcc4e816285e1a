import { Cluster, Command, type Redis } from 'ioredis';
import type { RedisClient } from './open-redis.ts';
import { redisCall } from './open-redis.ts';

/**
 * Whether Redis answers; of a cluster, whether its slots are served.
 * @throws Unavailable
 */
export async function pingRedis(client: RedisClient): Promise<void> {
  if (!(client instanceof Cluster)) return void (await redisCall(client.ping()));
  const info = await redisCall(client.cluster('INFO') as Promise<string>);
  if (!/^cluster_state:ok\r?$/m.test(info)) await redisCall(Promise.reject(new Error('the cluster is down')));
}

/** Whether a command for this key would leave at once; one that wouldn't is refused for sure. */
export function isReachable(client: RedisClient, key: string): boolean {
  if (!(client instanceof Cluster)) return client.status === 'ready';
  const slot = Number(new Command('get', [key], { keyPrefix: client.options.keyPrefix ?? '' }).getSlot());
  const [owner] = client.slots[slot] ?? [];
  const isOwner = ({ options }: Redis) => `${options.host}:${options.port}` === owner;
  if (client.nodes().some((node) => isOwner(node) && node.status === 'ready')) return true;
  // Another one may have the slot by now.
  if (client.status === 'ready') client.refreshSlotsCache();
  return false;
}
