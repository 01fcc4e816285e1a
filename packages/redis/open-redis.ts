import { Unavailable } from '@sallyport/contracts';
import { Cluster, type Command, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

const commandMs = 200;
const readyMs = 2_000;

const deadlines = {
  connectTimeout: 1_000,
  // A connection that owes answers and brings nothing is made anew: what waits on it would only grow.
  socketTimeout: 2_000,
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
  const client = withDeadline(connect(options.url, { ...deadlines, keyPrefix: options.prefix ?? '' }));
  client.on('error', (error: Error) => options.onError?.(error));
  return client;
}

/**
 * Waits until the client is connected, but no longer than 2 s or its first fault: a Redis that is there is there for the
 * first request already, and one that is away makes a part unready, not unable to start.
 */
export async function whenReady(client: RedisClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, readyMs);
  client.once('ready', resolve).once('error', resolve);
  await promise;
  clearTimeout(timer);
  client.off('ready', resolve).off('error', resolve);
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
    return new Cluster(nodes, {
      keyPrefix: common.keyPrefix,
      redisOptions: common,
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
    });
  }
  return new Redis(url, common);
}

type Send = (command: Command, ...rest: unknown[]) => unknown;

/**
 * Gives every command its deadline. Unlike ioredis's own, one that passed while this process was busy first lets the
 * answers in that have arrived meanwhile: a late event loop must not look like a silent Redis.
 */
function withDeadline(client: RedisClient): RedisClient {
  const send = client.sendCommand.bind(client) as Send;
  const sendInTime: Send = (command, ...rest) => {
    const giveUp = () => command.reject(new Error('Command timed out'));
    const timer = setTimeout(() => setImmediate(giveUp), commandMs);
    const settled = () => clearTimeout(timer);
    command.promise.then(settled, settled);
    return send(command, ...rest);
  };
  client.sendCommand = sendInTime as RedisClient['sendCommand'];
  return client;
}
