import { parseRedisUrl, type RedisAddress } from '@sallyport/config';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

type NodeOptions = Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>;

const backOff = (times: number) => Math.min(50 * 2 ** times, 1_000);

const deadlines = {
  connectTimeout: 1_000,
  // One that hangs is not waited for when it is left.
  disconnectTimeout: 100,
  // A connection that owes answers and brings nothing is made anew: what waits on it would only grow.
  socketTimeout: 2_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Commands that no part needs, and that its user would have to be allowed.
  disableClientInfo: true,
} satisfies NodeOptions;

/** Reconnects to the primary that the address or the sentinels lead to by now; the command isn't sent again. */
const leaveReplica = (error: Error) => /\bREADONLY\b/.test(error.message);

/** A client that begins to connect. Its certificates are checked by the names in the URL, or by what nodes call each other. */
export function connectRedis(url: string, keyPrefix: string): Redis | Cluster {
  const address = parseRedisUrl(url);
  const { username, password } = address;
  // Left out where there is none: whatever is there, undefined as well, goes before the library's own default.
  const login = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
  const options = { ...deadlines, ...login, ...(address.tls ? { tls: {} } : {}) };
  if (address.kind === 'cluster') return connectCluster(address, options, keyPrefix);
  const alone = {
    ...options,
    keyPrefix,
    enableOfflineQueue: false,
    retryStrategy: backOff,
    reconnectOnError: leaveReplica,
  };
  if (address.kind === 'node') return new Redis({ ...alone, ...address.nodes[0], db: address.db ?? 0 });
  return new Redis({ ...alone, ...sentinelOptions(address) });
}

function sentinelOptions({ tls, nodes, name, sentinelUsername, sentinelPassword }: RedisAddress) {
  return {
    sentinels: nodes,
    name: name ?? '',
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    // One that hangs is passed over.
    sentinelCommandTimeout: 500,
    sentinelRetryStrategy: backOff,
    ...(tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
  } satisfies RedisOptions;
}

function connectCluster({ nodes }: RedisAddress, redisOptions: NodeOptions, keyPrefix: string): Cluster {
  const cluster = new Cluster(nodes, {
    keyPrefix,
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: backOff,
    maxRedirections: 4,
    // What met a connection that closed may have run.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: 1_000,
    slotsRefreshTimeout: 500,
    // Names are kept: certificates are checked by them.
    dnsLookup: (name, callback) => callback(null, name),
  });
  // Nodes are connected before somebody asks them, replicas as well, so that a promoted one is at hand at once; and none
  // of them queues what could run after its caller has been refused.
  cluster.on('+node', (node: Redis) => {
    node.options.enableOfflineQueue = false;
    node.connect().catch(() => {});
  });
  // A transaction would wait for the first connection for as long as that takes.
  cluster.delayUntilReady = (refuse) => refuse(new Error('not connected'));
  return cluster;
}
