import { Unavailable } from '@sallyport/contracts';
import { Cluster, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

const deadlines = {
  commandTimeout: 200,
  connectTimeout: 1_000,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, 1_000),
};

/** `memory:` says on purpose that there is one instance and its in-process store is enough. */
export function isMemory(url: string): boolean {
  return url === 'memory:';
}

/**
 * Opens a client for `redis://h:p`, `rediss://`, several comma-separated nodes (a cluster) or
 * `redis+sentinel://h1:p,h2:p/name`. A command has 200 ms, nothing is queued while Redis is away, nothing is
 * sent twice: a script that changes something must not run again on its own.
 * @param options.prefix goes before every key, those of scripts included
 */
export function openRedis(options: { url: string; prefix?: string; onError?: (error: Error) => void }): RedisClient {
  const client = connect(options.url, { ...deadlines, keyPrefix: options.prefix ?? '' });
  client.on('error', (error: Error) => options.onError?.(error));
  return client;
}

/** Awaits a command; whatever Redis or the way to it says against, it is unavailable: nobody may take that for a yes. */
export async function redisCall<Result>(command: Promise<Result>): Promise<Result> {
  try {
    return await command;
  } catch (cause) {
    throw new Unavailable('redis', { cause });
  }
}

function connect(url: string, common: typeof deadlines & { keyPrefix: string }): RedisClient {
  if (url.startsWith('redis+sentinel://')) {
    const [hosts = '', name = 'mymaster'] = url.slice('redis+sentinel://'.length).split('/');
    const sentinels = hosts.split(',').map((entry) => {
      const [host = '', port = '26379'] = entry.split(':');
      return { host, port: Number(port) };
    });
    return new Redis({ ...common, sentinels, name });
  }
  const nodes = url.split(',');
  if (nodes.length > 1) {
    return new Cluster(nodes, { keyPrefix: common.keyPrefix, redisOptions: common, enableOfflineQueue: false });
  }
  return new Redis(url, common);
}
