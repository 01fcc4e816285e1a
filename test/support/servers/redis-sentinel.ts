// A primary with a replica, and three sentinels that promote the replica a second after the primary has gone.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { until } from '../until.ts';
import { getServer } from './find-servers.ts';
import { findFreePort } from './free-port.ts';
import { answers, listenOn, openAdmin, type RedisOptions, startRedis } from './redis.ts';
import { startServer, type TestServer } from './server.ts';
import { createServerFolder } from './server-folder.ts';

export type RedisSentinels = AsyncDisposable & {
  url: string;
  sentinels: TestServer[];
  /** The primary of the beginning, then its replica. */
  nodes: [TestServer, TestServer];
  /** The primary by what the sentinels say. */
  primary(): Promise<TestServer>;
  /** Waits until the other one follows the primary. */
  replicated(): Promise<void>;
  /** Has them promote the other one while the primary lives. */
  switchOver(): Promise<void>;
  close(): Promise<void>;
};

const name = 'sallyport';

export async function startRedisSentinels(
  options: RedisOptions & { sentinelPassword?: string } = {},
): Promise<RedisSentinels> {
  const { sentinelPassword, args = [], ...own } = options;
  await using opened = new AsyncDisposableStack();
  const soon = ['--repl-diskless-sync-delay', '0', ...args];
  const primary = opened.use(await startRedis({ ...own, args: soon }));
  const port = new URL(primary.url).port;
  const replica = opened.use(await startRedis({ ...own, args: [...soon, '--replicaof', `127.0.0.1 ${port}`] }));
  const nodes: [TestServer, TestServer] = [primary, replica];
  const settings = [
    `sentinel monitor ${name} 127.0.0.1 ${port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
    ...(own.password === undefined ? [] : [`sentinel auth-pass ${name} ${own.password}`]),
    ...(sentinelPassword === undefined
      ? []
      : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
  ];
  const sentinels = await Promise.all(
    [1, 2, 3].map(async () => opened.use(await startSentinel(settings, own.tls, sentinelPassword))),
  );

  const ask = async <Answer>(question: (sentinel: Redis) => Promise<Answer>): Promise<Answer> => {
    const sentinel = openAdmin(sentinels.find((each) => each.pids().length > 0)?.url ?? '');
    try {
      return await question(sentinel);
    } finally {
      sentinel.disconnect();
    }
  };
  const describePrimary = () => ask((sentinel) => sentinel.call('SENTINEL', 'MASTER', name) as Promise<string[]>);
  const readField = (fields: string[], field: string) => fields[fields.indexOf(field) + 1];
  const findPrimary = async () => {
    const at = readField(await describePrimary(), 'port');
    const found = nodes.find(({ url }) => url.endsWith(`:${at}`));
    if (!found) throw new Error('the sentinels know no primary');
    return found;
  };
  const replicated = async () => {
    await until('the replica follows', async () => {
      const node = openAdmin((await findPrimary()).url);
      try {
        return (await node.info('replication')).includes('state=online');
      } finally {
        node.disconnect();
      }
    });
  };
  await until('the sentinels know each other and the replica', async () => {
    const fields = await describePrimary();
    return readField(fields, 'num-other-sentinels') === '2' && readField(fields, 'num-slaves') === '1';
  });

  const kept = opened.move();
  return {
    url: `redis+sentinel://${sentinels.map(({ url }) => new URL(url).host).join()}/${name}`,
    sentinels,
    nodes,
    primary: findPrimary,
    replicated,
    async switchOver() {
      const before = await findPrimary();
      await until('the sentinels agree to', () =>
        ask((sentinel) => sentinel.call('SENTINEL', 'FAILOVER', name)).catch(() => undefined),
      );
      await until('the other one is the primary', async () => (await findPrimary()) !== before);
      await replicated();
    },
    close: () => kept.disposeAsync(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What Debian calls redis-sentinel is the server itself; it writes what it learns into its file of settings. */
async function startSentinel(
  settings: readonly string[],
  tls: RedisOptions['tls'],
  password: string | undefined,
): Promise<TestServer> {
  const folder = createServerFolder('sentinel');
  const port = await findFreePort();
  const file = join(folder, 'sentinel.conf');
  const listen = listenOn(port, tls).map((line) => line.join(' '));
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  writeFileSync(file, `${['bind 127.0.0.1', `dir ${folder}`, ...listen, ...settings].join('\n')}\n`);
  return startServer({
    name: 'sentinel',
    url: `${tls ? 'rediss' : 'redis'}://${login}127.0.0.1:${port}`,
    folder,
    command: getServer('redis'),
    args: [file, '--sentinel'],
    stopSignal: 'SIGTERM',
    closeSignal: 'SIGKILL',
    startTimeoutMs: 20_000,
    isReady: () => answers(port, { ...(password === undefined ? {} : { password }), ...(tls ? { tls } : {}) }),
  });
}
