// `npm run audit:erase` beside running gateways (promise 4): a person goes out of the log, and the log holds.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { readVerifiedLog } from '../gateway/audit/testing/chain.ts';
import { waitForLog } from './support/audit-log.ts';
import { databaseMissing } from './support/database.ts';
import { runCommand } from './support/operator-command.ts';
import { signUp } from './support/people.ts';
import { startStack } from './support/stack.ts';

test('npm run audit:erase takes one person out of the log, and the chain holds', {
  skip: databaseMissing,
}, async (t) => {
  await using stack = await startStack();
  const run = (...args: string[]) =>
    runCommand('supervisor/audit-erase.ts', args, { DATABASE_URL: stack.databaseUrl }).ended;
  const [ada, bob] = [await signUp(stack.api), await signUp(stack.api)];
  const login = { username: ada.username, password: 'not it, not at all' };
  await stack.api('POST', '/login', { body: login, headers: { 'user-agent': 'adas own browser' } });
  await waitForLog(stack);
  const rowsOf = async (id: string) =>
    (await stack.sql('select from gateway.audit_personal where subject = $1', [id])).length;

  await t.test('says how it is used, and what it lacks', async () => {
    assert.equal((await run('--help')).code, 0);
    for (const wrong of [[], ['--username'], ['--subject', 'ada'], ['--username', 'a', '--subject', ada.id], ['-x']]) {
      assert.equal((await run(...wrong)).code, 2, wrong.join(' '));
    }
    const nobody = await run('--username', 'nobody at all');
    assert.equal(nobody.code, 1);
    assert.match(nobody.log, /There is no such account/);
    assert.equal((await run('--subject', randomUUID())).code, 1);
  });

  await t.test('only tells, unless it is told to', async () => {
    const before = await rowsOf(ada.id);
    const told = await run('--username', ada.username.toUpperCase());
    assert.equal(told.code, 0);
    assert.match(told.output, new RegExp(`^${before} events hold personal data of ${ada.username}`));
    assert.match(told.output, /Nothing was changed/);
    assert.equal(await rowsOf(ada.id), before);
  });

  await t.test('takes the one out and nobody else, everywhere that the product keeps events', async () => {
    const others = await rowsOf(bob.id);
    // What users has just recorded is still on its way to the log.
    const role = await runCommand('supervisor/users.ts', ['grant', ada.username, 'reader'], {
      DATABASE_URL: stack.databaseUrl,
    }).ended;
    assert.equal(role.code, 0, role.log);
    const done = await run('--subject', ada.id, '--yes');
    assert.equal(done.code, 0, done.log);
    // What says so was recorded by the operator: it names no address, but is about her.
    assert.equal(await rowsOf(ada.id), 1);
    assert.equal(await rowsOf(bob.id), others);
    const dump = JSON.stringify([
      await stack.sql('select * from gateway.audit_event'),
      await stack.sql('select * from users.outbox'),
      await stack.sql('select * from otp.outbox'),
    ]);
    assert.ok(!dump.includes('adas own browser'));
    assert.ok(!dump.includes(ada.username));
    await assertStillVerifies();
  });

  async function assertStillVerifies() {
    const events = await stack.sql<{ body: string }>('select body from gateway.audit_event order by sequence');
    const erased = events.map(({ body }) => JSON.parse(body)).find(({ type }) => type === 'sallyport.audit.erased');
    assert.deepEqual([erased.subject, erased.data.reason, erased.data.actor.type], [ada.id, 'erasure', 'operator']);
    await readVerifiedLog({ query: stack.sql });
  }
});
