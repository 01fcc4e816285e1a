// Promise 1 rests on what the stores keep: each part says at its start what in their settings may lose it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openDb } from '@sallyport/postgres';
import { findRiskySettings } from '../packages/postgres/find-risky-settings.ts';
import type { PartProcess } from './support/part-process.ts';
import { startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startPostgres } from './support/servers/postgres.ts';
import { startRedis } from './support/servers/redis.ts';
import { until } from './support/until.ts';

const linesOf = (part: PartProcess) => part.log().split('\n');
const servers = findServers();
const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;

suite('a store that may forget', {
  skip: onlyReal ?? servers.postgres.missing ?? servers.redis.missing ?? false,
}, () => {
  test('is reported by each part at its start: fsync, full_page_writes and synchronous_commit off, a Redis that evicts', async () => {
    await using postgres = await startPostgres();
    await using redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    await using stack = await startProcessStack({ databaseUrl: postgres.url, env: { REDIS_URL: redis.url } });
    for (const part of stack.parts) {
      const lines = linesOf(part).filter((line) => line.includes('"level":"warn"'));
      for (const setting of ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']) {
        assert.equal(lines.filter((line) => line.includes(`"setting":"${setting}"`)).length, 1, part.name);
      }
      const told = () => linesOf(part).filter((line) => line.includes('"policy":"allkeys-lru"')).length;
      if (part.name !== 'users') await until(`${part.name} tells it`, () => told() === 1);
    }
  });

  test('is not reported where nothing is lost, nor a policy where INFO is forbidden', async () => {
    await using postgres = await startPostgres({ durable: true });
    const args = [
      '--maxmemory-policy',
      'allkeys-lru',
      '--user',
      'default',
      'on',
      'nopass',
      '~*',
      '&*',
      '+@all',
      '-info',
    ];
    await using redis = await startRedis({ args });
    await using stack = await startProcessStack({ databaseUrl: postgres.url, env: { REDIS_URL: redis.url } });
    for (const part of stack.parts) {
      assert.deepEqual(
        linesOf(part).filter((line) => /"(setting|policy)"/.test(line)),
        [],
      );
    }
  });

  test('includes a commit that a synchronous standby need not have on its disk', async () => {
    await using postgres = await startPostgres({ durable: true, settings: { synchronous_commit: 'local' } });
    await using opened = new AsyncDisposableStack();
    const db = opened.adopt(openDb({ url: postgres.url, name: 'test' }), (it) => it.close());
    assert.deepEqual(await findRiskySettings(db), []);
    await db.script(`alter system set synchronous_standby_names = 'other'`);
    await db.script('select pg_reload_conf()');
    await until('it is risky', async () => (await findRiskySettings(db)).join() === 'synchronous_commit=local');
  });
});
