import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './open-redis.ts';

/**
 * Tells the policy by which Redis may forget keys, whenever it connects to one that does; of the nodes of a cluster once.
 * Says nothing where INFO is forbidden.
 */
export function whenEvicting(client: RedisClient, tell: (policy: string) => void): void {
  const ask = async (node: Redis) => {
    const text = await node.info('memory').catch(() => '');
    const policy = /^maxmemory_policy:(\S+)/m.exec(text)?.[1] ?? 'noeviction';
    return policy === 'noeviction' ? undefined : policy;
  };
  if (client instanceof Cluster) {
    const told = new Set<string>();
    const tellOnce = (policy: string | undefined) => {
      if (policy === undefined || told.has(policy)) return;
      told.add(policy);
      tell(policy);
    };
    client.on('+node', (node: Redis) => node.on('ready', () => void ask(node).then(tellOnce)));
  } else {
    client.on('ready', () => void ask(client).then((policy) => policy && tell(policy)));
  }
}
