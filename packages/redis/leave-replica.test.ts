// An address whose server changes, as that of a primary behind a name does: connections to the old one stay open.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startRedis } from '../../test/support/servers/redis.ts';
import { until } from '../../test/support/until.ts';
import { openRedis, whenReady } from './open-redis.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;

test('leaves a server that became a replica for the one that its address leads to by now, and sends nothing again', {
  skip: onlyReal ?? findServers().redis.missing ?? false,
}, async () => {
  await using first = await startRedis();
  await using second = await startRedis();
  await using opened = new AsyncDisposableStack();
  const sockets = new Set<Socket>();
  let port = Number(new URL(first.url).port);
  const address = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) sockets.add(socket.on('error', () => undefined));
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => address.listen(0, '127.0.0.1', resolve));
  opened.defer(() => {
    address.close();
    for (const socket of sockets) socket.destroy();
  });
  const admin = opened.adopt(new Redis(first.url), (it) => it.disconnect());
  const { port: own } = address.address() as { port: number };
  const client = opened.adopt(openRedis({ url: `redis://127.0.0.1:${own}` }), (it) => it.disconnect());
  await whenReady(client);
  await client.set('count', 1);
  await admin.replicaof('127.0.0.1', 1);
  port = Number(new URL(second.url).port);
  const left = once(client, 'reconnecting');
  await assert.rejects(client.eval("return redis.call('INCR', KEYS[1])", 1, 'count'), /READONLY/);
  await left;
  await until('it is connected again', () => client.status === 'ready');
  assert.equal(await client.get('count'), null, 'the second server, to which nothing was sent');
  assert.equal(await client.incr('count'), 1);
});
