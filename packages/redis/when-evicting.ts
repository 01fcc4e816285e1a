import { Cluster } from 'ioredis';
import type { RedisClient } from './open-redis.ts';

/** Tells the policy by which Redis may forget keys, whenever it connects to one that does; says nothing where INFO is forbidden. */
export function whenEvicting(client: RedisClient, tell: (policy: string) => void): void {
  const ask = async () => {
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    const texts = await Promise.all(nodes.map((node) => node.info('memory').catch(() => '')));
    const policies = texts.map((text) => /^maxmemory_policy:(\S+)/m.exec(text)?.[1] ?? 'noeviction');
    const evicting = policies.find((policy) => policy !== 'noeviction');
    if (evicting !== undefined) tell(evicting);
  };
  client.on('ready', () => void ask());
}
