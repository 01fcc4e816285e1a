import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { suite, test } from 'node:test';
import { databaseMissing } from '../../../test/support/database.ts';
import { until } from '../../../test/support/until.ts';
import { openUsersDatabase, signUp, startOver } from './start-test-users.ts';

suite('more logins than the cores can hash', { skip: databaseMissing }, () => {
  test('200 at once: some are served, the rest refused early with Retry-After, and other calls stay fast', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url, { BCRYPT_COST: '12' });
    const id = await signUp(started.call, 'alice');
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const logins = Array.from({ length: 200 }, async () =>
      started.call('post', '/passwords/verify', { username: 'alice', password: 'correct horse' }),
    );
    const others: number[] = [];
    for (let at = 0; at < 50; at++) {
      const other = performance.now();
      assert.equal((await started.call('get', `/accounts/${id}`)).status, 200);
      others.push(performance.now() - other);
    }
    const results = await Promise.all(logins);
    delay.disable();
    const [half, most] = [50, 99].map((percent) => delay.percentile(percent) / 1e6);
    console.log(`# turns of the event loop: median ${half?.toFixed(1)} ms, p99 ${most?.toFixed(1)} ms`);
    // A hash on the event loop would take it for a fifth of a second each time.
    assert.ok((half ?? 0) < 100, `half of all turns took ${half} ms or more`);
    const served = results.filter((answer) => answer.status === 200);
    const refused = results.filter((answer) => answer.status === 503);
    assert.equal(served.length + refused.length, 200);
    assert.ok(served.length >= 5 && refused.length >= 50, `${served.length} served, ${refused.length} refused`);
    for (const answer of refused) {
      assert.equal(answer.body.code, 'overloaded');
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
    }
    const median = others.sort((one, two) => one - two)[25] ?? Number.NaN;
    assert.ok(median < 100, `other calls took ${median} ms`);
  });

  test('an address that fills its place in the queue keeps nobody else out', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url, { BCRYPT_COST: '12' });
    await signUp(started.call, 'alice');
    const right = { username: 'alice', password: 'correct horse' };
    const verify = async () => (await started.call('post', '/passwords/verify', right)).status;
    const logins = Array.from({ length: 100 }, verify);
    await until('the address is refused', async () => (await verify()) === 503);
    assert.equal((await started.callFrom('192.0.2.8')('post', '/passwords/verify', right)).status, 200);
    await Promise.all(logins);
  });

  test('a password that was proved is changed while the queue is full: its code may be spent by now', async () => {
    await using database = await openUsersDatabase();
    await using started = await startOver(database.url, { BCRYPT_COST: '12' });
    const id = await signUp(started.call, 'alice');
    const { epoch } = (await started.call('get', `/accounts/${id}`)).body.account;
    const verify = async () =>
      (await started.call('post', '/passwords/verify', { username: 'alice', password: 'correct horse' })).status;
    const logins = Array.from({ length: 100 }, verify);
    await until('the queue is full', async () => (await verify()) === 503);
    const change = await started.call('put', `/accounts/${id}/password`, {
      epoch,
      new_password: 'another pass phrase',
    });
    assert.equal(change.body.outcome, 'changed', JSON.stringify(change.body));
    await Promise.all(logins);
  });
});
