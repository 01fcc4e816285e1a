import { Unavailable } from '@sallyport/contracts';
import { Cluster, type Redis } from 'ioredis';
import { connectRedis } from './connect-redis.ts';
import { watchConnections } from './watch-connections.ts';
import { withDeadline } from './with-deadline.ts';
import { writeTogether } from './write-together.ts';

export type RedisClient = Redis | Cluster;

const readyMs = 2_000;

/** `memory:` says on purpose that there is one instance and its in-process store is enough. */
export function isMemory(url: string): boolean {
  return url === 'memory:';
}

/**
 * Opens a client for what `parseRedisUrl` of the configuration reads: one node, a cluster or sentinels. A command has
 * 200 ms, nothing is queued while Redis is away, nothing is sent twice: a script that changes something must not run
 * again on its own. A node of a cluster that answers MOVED or ASK has run nothing; there the command goes on.
 * @param options.prefix goes before every key, those of scripts included
 */
export function openRedis(options: {
  url: string;
  prefix?: string;
  /** Told how long each command took. */
  measure?: ((seconds: number) => void) | undefined;
  onError?: (error: Error) => void;
}): RedisClient {
  const client = withDeadline(writeTogether(connectRedis(options.url, options.prefix ?? '')), options.measure);
  watchConnections(client);
  const onError = (error: Error) => options.onError?.(error);
  client.on('error', onError);
  if (client instanceof Cluster) {
    client.on('node error', onError);
    leaveForGood(client);
  }
  return client;
}

/**
 * A cluster that is left while it connects would find its nodes afterwards, and hold them for ever; one that is left while
 * it asks who has which slot would go on asking every second, and the process would never end.
 */
function leaveForGood(client: Cluster): void {
  const { disconnect, refreshSlotsCache } = client;
  let left = false;
  client.refreshSlotsCache = (answered) => {
    if (left) return;
    refreshSlotsCache.call(client, (...answer) => {
      if (!left) answered?.(...answer);
    });
  };
  client.disconnect = (reconnect) => {
    left = !reconnect;
    disconnect.call(client, reconnect);
  };
  client.on('+node', (node: Redis) => {
    if (left) node.disconnect();
  });
}

/**
 * Waits until the client is connected, to every primary of a cluster, but no longer than 2 s or its first fault: a Redis
 * that is there is there for the first request already, and one that is away makes a part unready, not unable to start.
 */
export async function whenReady(client: RedisClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, readyMs);
  const onReady = async () => {
    const nodes = client instanceof Cluster ? client.nodes('master') : [];
    await Promise.all(nodes.map(isSettled));
    resolve();
  };
  client.once('ready', onReady).once('error', resolve);
  await promise;
  clearTimeout(timer);
  client.off('ready', onReady).off('error', resolve);
}

function isSettled(node: Redis): Promise<void> {
  if (node.status === 'ready' || node.status === 'end') return Promise.resolve();
  return new Promise((resolve) => node.once('ready', resolve).once('end', resolve));
}

/** Awaits a command; whatever Redis or the way to it says against, it is unavailable: nobody may take that for a yes. */
export async function redisCall<Result>(command: Promise<Result>): Promise<Result> {
  try {
    return await command;
  } catch (cause) {
    throw new Unavailable('redis', { cause });
  }
}
