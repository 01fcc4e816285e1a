// Servers that fail over under a pool: it finds the new primary by itself, repeats nothing, and never goes back to an old one.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Unavailable } from '@sallyport/contracts';
import { startProxy } from '../../test/support/proxy.ts';
import { recoveryMs } from '../../test/support/recovery-ms.ts';
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startPostgresPair } from '../../test/support/servers/postgres-pair.ts';
import { until } from '../../test/support/until.ts';
import { openDb } from './db.ts';
import { findPrimary } from './find-primary.ts';

const skip =
  process.env.TEST_BACKEND === 'embedded'
    ? 'the real back end does it, with servers of its own'
    : (findServers().postgres.missing ?? false);

suite('a primary that is lost', { skip }, () => {
  test('is left for the promoted standby within 5 s, and is not taken again when it comes back', async () => {
    await using pair = await startPostgresPair();
    const db = openDb({ url: pair.url, name: 'test', max: 5 });
    const port = async () => (await db.query<{ port: string }>(`select current_setting('port') as port`))[0]?.port;
    const [before, after] = [pair.primary, pair.standby].map(({ url }) => new URL(url).port);
    await db.script('create table thing (at int primary key)');
    await Promise.all(Array.from({ length: 5 }, (_, at) => db.query('insert into thing values ($1)', [at])));
    assert.equal(await port(), before);

    await pair.primary.kill();
    await assert.rejects(db.query('insert into thing values (5)'), Unavailable);
    await assert.rejects(db.query('insert into thing values (5)'), (error: Unavailable) => {
      return /no server can be written to .*standby/.test(String(error.cause));
    });
    await pair.promote();
    const promotedAt = performance.now();
    await until(
      'it is found',
      () =>
        port().then(
          (found) => found === after,
          () => false,
        ),
      { ms: recoveryMs, everyMs: 5 },
    );
    console.log(`# found ${Math.round(performance.now() - promotedAt)} ms after the promotion`);
    // None of the connections that were pooled before is lent any more.
    await Promise.all(Array.from({ length: 5 }, (_, at) => db.query('insert into thing values ($1)', [at + 5])));
    assert.equal((await db.query('select from thing')).length, 10);

    await pair.primary.start();
    const { url } = await findPrimary([pair.primary.url, pair.standby.url], 'test', 0);
    assert.equal(url, pair.standby.url);
    await assert.rejects(findPrimary([pair.primary.url], 'test', 2), /is an old primary/);
    // Whoever still writes to the old one gets no yes: its commit waits for the standby that it has lost.
    const astray = openDb({ url: pair.primary.url, name: 'test', deadlineMs: 300 });
    await assert.rejects(astray.query('insert into thing values (20)'), Unavailable);
    await assert.rejects(
      astray.transaction((tx) => tx.query('insert into thing values (21)')),
      Unavailable,
    );
    await astray.close();
    await pair.standby.kill();
    await assert.rejects(db.query('select 1'), Unavailable);
    await assert.rejects(db.query('select 1'), (error: Unavailable) => /is an old primary/.test(String(error.cause)));
    await db.close();
  });

  test('behind one address that moves silently is left within 5 s, all its connections at once', async () => {
    await using pair = await startPostgresPair();
    const [before, after] = [pair.primary, pair.standby].map(({ url }) => Number(new URL(url).port));
    await using old = await startProxy('127.0.0.1', before ?? 0);
    await using moving = await startProxy('127.0.0.1', old.port);
    const url = Object.assign(new URL(pair.primary.url), { host: `127.0.0.1:${moving.port}` }).href;
    const db = openDb({ url, name: 'test', max: 5 });
    await Promise.all(Array.from({ length: 5 }, () => db.query('select pg_sleep(0.05)')));
    old.stall();
    await pair.promote();
    moving.aim(after ?? 0);
    const movedAt = performance.now();
    let failures = 0;
    const answers = () =>
      db.query('select 1').then(
        () => true,
        () => {
          failures += 1;
          return false;
        },
      );
    await until('it serves', answers, { ms: recoveryMs });
    console.log(`# served ${Math.round(performance.now() - movedAt)} ms after the move`);
    assert.equal(failures, 1);
    await Promise.all(Array.from({ length: 5 }, () => db.query('select pg_sleep(0.05)')));
    await db.close();
  });
});
