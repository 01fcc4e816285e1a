// The operator's commands, as a person runs them beside a running `npm start`: last-admin holds, the gateway follows by the
// collector and projector, and the log names the operator (promise 4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloneMissing, createClone } from './support/clone.ts';
import { runNpm } from './support/npm-script.ts';
import { expect, expectProblem, signUp } from './support/people.ts';
import { enrolOwner } from './support/process-people.ts';
import { startProduct } from './support/running-product.ts';
import { until } from './support/until.ts';

test('npm run users -- grant and revoke change roles, and what runs follows', { skip: cloneMissing }, async (t) => {
  using clone = createClone();
  const run = async (...args: string[]) => {
    await using script = runNpm(clone.folder, ['run', '--silent', 'users', '--', ...args]);
    const { code } = await script.ended;
    return { code, said: `${script.output()}${script.log()}`.trim() };
  };

  await t.test('says what it lacks where nothing runs, and how it is used', async () => {
    const lost = await run('grant', 'ada@example.com', 'audit');
    assert.equal(lost.code, 1);
    assert.match(lost.said, /There is no DATABASE_URL, and no Sallyport runs over/);
    const helped = await run('help');
    assert.equal(helped.code, 0);
    for (const command of ['grant NAME ROLE', 'revoke NAME ROLE', '--reason TEXT']) {
      assert.ok(helped.said.includes(command), helped.said);
    }
    for (const wrong of [
      ['promote', 'ada'],
      ['grant', 'ada'],
      ['grant', 'a', 'b', 'c'],
      ['grant', 'ada', 'x', '-f'],
    ]) {
      assert.equal((await run(...wrong)).code, 2, wrong.join(' '));
    }
  });

  await using product = await startProduct(clone.folder, { OTP_WINDOW: '10' });
  const ada = await enrolOwner(product.api, { ...(await signUp(product.api)), lastStep: 0 });
  const eve = await signUp(product.api, 'eve');

  await t.test('a role that is given counts in a session that lives', async () => {
    const granted = await run('grant', ada.username.toUpperCase(), 'admin', '--reason', 'the first one');
    assert.deepEqual(granted, { code: 0, said: `${ada.username} has admin` });
    const path = `/admin/users/${eve.id}`;
    await until(
      'the gateway follows',
      async () => (await product.api('GET', path, { token: ada.accessToken })).status === 200,
    );
    const again = await run('grant', ada.username, 'admin');
    assert.deepEqual(again, { code: 0, said: `${ada.username} has admin, as before` });
  });

  await t.test('refuses what the API refuses, in words', async () => {
    const last = await run('revoke', ada.username, 'admin');
    assert.deepEqual(last, { code: 1, said: 'This is the last admin: make another one first.' });
    const nobody = await run('grant', 'nobody@example.com', 'audit');
    assert.deepEqual(nobody, { code: 1, said: 'There is no account "nobody@example.com".' });
    assert.equal((await run('grant', eve.username, 'Audit')).code, 2);
  });

  await t.test('a role that is taken away ends the sessions that had it', async () => {
    assert.equal((await run('grant', eve.username, 'support')).code, 0);
    const revoked = await run('revoke', eve.username, 'support');
    assert.deepEqual(revoked, { code: 0, said: `${eve.username} has no role` });
    await until(
      'the session ended',
      async () => (await product.api('GET', '/me', { token: eve.accessToken })).status === 401,
    );
    expectProblem(401, 'unauthenticated', await product.api('GET', '/me', { token: eve.accessToken }));
  });

  await t.test('each is in the audit log, done by the operator', async () => {
    const readChanges = async () => {
      const page = await product.api('GET', '/audit/events?limit=1000', { token: ada.accessToken });
      const { events } = expect(200, page).body;
      return events.filter((event: { type: string }) => event.type === 'sallyport.user.roles_changed');
    };
    await until('all are in the log', async () => (await readChanges()).length === 3);
    const told = (await readChanges()).map(({ subject, data }: { subject: string; data: Record<string, unknown> }) => [
      subject,
      data.actor,
      data.reason,
    ]);
    const operator = { type: 'operator', id: null };
    assert.deepEqual(told, [
      [ada.id, operator, 'the first one'],
      [eve.id, operator, null],
      [eve.id, operator, null],
    ]);
  });
});
