import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from 'ioredis';
import { openAdmin } from '../../test/support/servers/redis.ts';
import { clusterMissing, type RedisCluster, startRedisCluster } from '../../test/support/servers/redis-cluster.ts';
import type { TestServer } from '../../test/support/servers/server.ts';
import { until } from '../../test/support/until.ts';
import { openRedis, type RedisClient, whenReady } from './open-redis.ts';
import { isReachable, pingRedis } from './ping-redis.ts';
import { whenEvicting } from './when-evicting.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;

suite('a client of a cluster', { skip: onlyReal ?? clusterMissing }, () => {
  const told: string[] = [];
  let cluster: RedisCluster;
  let client: RedisClient;
  before(async () => {
    cluster = await startRedisCluster({ fullCoverage: false, args: ['--maxmemory-policy', 'allkeys-lru'] });
    client = openRedis({ url: cluster.url, prefix: 'x:' });
    whenEvicting(client, (policy) => told.push(policy));
    await whenReady(client);
  });
  after(async () => {
    client?.disconnect();
    await cluster?.close();
  });

  const count = (key: string) => client.eval("return redis.call('INCR', KEYS[1])", 1, key);
  const keys = Array.from({ length: 60 }, (_, at) => `{${at}}`);

  test('reaches every node with its very first commands, all at once', async () => {
    await pingRedis(client);
    assert.ok(keys.every((key) => isReachable(client, key)));
    assert.deepEqual(new Set(await Promise.all(keys.map(count))), new Set([1]));
  });

  test('asks nothing more once it is left, also where it was just asking', async () => {
    const other = openRedis({ url: cluster.url, prefix: 'x:' }) as Cluster;
    await whenReady(other);
    let answers = 0;
    other.refreshSlotsCache(() => {
      answers += 1;
    });
    await until('it answers', () => answers === 1);
    other.refreshSlotsCache(() => {
      answers += 1;
    });
    other.disconnect();
    other.refreshSlotsCache(() => {
      answers += 1;
    });
    await sleep(1_000);
    assert.equal(answers, 1);
  });

  test('tells once that nodes may forget keys', async () => {
    await until('it is told', () => told.length > 0);
    assert.deepEqual(told, ['allkeys-lru']);
  });

  test('goes on where a slot moves, ASK while it does and MOVED after, and runs everything once', async () => {
    const key = '{wanderer}';
    const source = await cluster.ownerOf(`x:${key}`);
    const target = cluster.nodes.slice(0, 3).find((node) => node !== source);
    assert.ok(target);
    const [from, to] = [source, target].map(({ url }) => openAdmin(url)) as [Admin, Admin];
    try {
      const slot = Number(await from.cluster('KEYSLOT', `x:${key}`));
      const [fromId, toId] = [String(await from.cluster('MYID')), String(await to.cluster('MYID'))];
      await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
      await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
      assert.deepEqual([await count(key), await count(key)], [1, 2]);
      for (const node of [to, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
      assert.deepEqual([await count(key), await count(key)], [3, 4]);
    } finally {
      for (const node of [from, to]) node.disconnect();
    }
  });

  test('refuses at once what a node would do that is away, and serves the rest, until its replica has taken over', async () => {
    const owner = await cluster.ownerOf('x:{0}');
    const owners = await Promise.all(keys.map((key): Promise<TestServer> => cluster.ownerOf(`x:${key}`)));
    const [lost, others] = [0, 1].map((other) => keys.filter((_, at) => Number(owners[at] !== owner) === other));
    assert.ok(lost && others);
    await owner.kill();
    await until('it is known', () => !isReachable(client, '{0}'));
    const started = performance.now();
    const refused = await Promise.allSettled(lost.map(count));
    assert.ok(performance.now() - started < 200);
    assert.ok(refused.every(({ status }) => status === 'rejected'));
    assert.ok(others.every((key) => isReachable(client, key)));
    assert.deepEqual(new Set(await Promise.all(others.map(count))), new Set([2]));
    await until('all are reachable', () => keys.every((key) => isReachable(client, key)));
    // Neither the refused ones nor any other ran behind the callers' backs.
    assert.deepEqual(new Set(await Promise.all(lost.map(count))), new Set([2]));
    await pingRedis(client);
  });
});

type Admin = ReturnType<typeof openAdmin>;
