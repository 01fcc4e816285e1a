// Promises 4 and 10 for floods: whatever is killed when, the counts add up to every attempt that was answered, and to none
// that was never made.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endMinutes } from '../gateway/audit/testing/folds.ts';
import { atOnce, inTurn } from './support/at-once.ts';
import { waitForLog } from './support/audit-log.ts';
import { signUp } from './support/people.ts';
import { attempt } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

let stack: ProcessStack;
before(async () => {
  stack = await startProcessStack({ gateways: 2, env: { PASSWORD_TRIES_PER_ADDRESS: '0', PASSWORD_SLOW_AFTER: '0' } });
});
after(() => stack[Symbol.asyncDispose]());

/** Sends wrong passwords of an account by both gateways; says how many were answered so far. */
function flood({ username }: { username: string }, count: number) {
  const flood = { answered: 0, done: Promise.resolve() };
  const body = { username, password: 'not the password' };
  const one = async (at: number) => {
    const answer = await attempt(inTurn(stack.gateways, at).api('POST', '/login', { body }));
    if (answer?.status === 401) flood.answered += 1;
  };
  flood.done = atOnce(count, one).then(() => {});
  return flood;
}

async function attemptsIn(subject: string): Promise<number> {
  await waitForLog(stack);
  const [row] = await stack.sql<{ sum: number }>(
    `select coalesce(sum((body::jsonb #>> '{data,count}')::int), 0)::int as sum from gateway.audit_log
     where subject = $1 and type = 'sallyport.login.failed'`,
    [subject],
  );
  return row?.sum ?? 0;
}

test('a gateway killed in a flood: what was answered is counted, what was never sent is not', async () => {
  const ada = await signUp(stack.api);
  const sent = 200;
  const attempts = flood(ada, sent);
  await until('the flood is under way', () => attempts.answered >= 70);
  await stack.gateway.kill();
  await attempts.done;
  await stack.gateway.start();
  const counted = await attemptsIn(ada.id);
  assert.ok(attempts.answered <= counted && counted <= sent, `${attempts.answered}, ${counted}`);
});

test('gateways killed one after the other while they close a minute: it is closed once', async () => {
  const ada = await signUp(stack.api);
  const attempts = flood(ada, 150);
  await attempts.done;
  assert.ok(attempts.answered > 60);
  const lock = await stack.lock('lock table gateway.outbox in exclusive mode');
  await stack.sql(endMinutes);
  for (const gateway of stack.gateways) {
    await until('a minute is being closed', async () => (await stack.waiting('delete from gateway.fold')) > 0);
    await gateway.kill();
    await gateway.start();
  }
  await lock.release();
  assert.equal(await attemptsIn(ada.id), attempts.answered);
});
