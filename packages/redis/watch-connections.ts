import { Cluster, type Redis } from 'ioredis';

const everyMs = 1_000;

/**
 * Asks every connection once a second where there may be another server to turn to: one that hangs is found, and made
 * anew, before somebody needs it.
 */
export function watchConnections(client: Redis | Cluster): void {
  if (!(client instanceof Cluster) && !client.options.sentinels) return;
  const ask = () => {
    const nodes = client instanceof Cluster ? client.nodes() : [client];
    for (const node of nodes) if (node.status === 'ready') node.ping().catch(() => {});
  };
  const timer = setInterval(ask, everyMs).unref();
  client.once('end', () => clearInterval(timer));
}
