// Promise 10 for the reset of a factor: an approval that was committed is carried out, once, though the gateway was killed
// right after it, before or after otp heard of it.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expect, expectProblem } from './support/people.ts';
import { attempt, type Enrolled, logInOwner, provePassword, signUpEnrolled } from './support/process-people.ts';
import { type GatewayProcess, type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

const resetFactor = /^\/factors\/reset$/;

let stack: ProcessStack;
let first: GatewayProcess;
let second: GatewayProcess;
let grace: Enrolled;
let alan: Enrolled;

before(async () => {
  stack = await startProcessStack({ gateways: 2, env: { FRESH_SECONDS: '86400' } });
  [first, second] = stack.gateways as [GatewayProcess, GatewayProcess];
  grace = await createAdmin('grace');
  alan = await createAdmin('alan');
});
after(() => stack[Symbol.asyncDispose]());

async function createAdmin(name: string): Promise<Enrolled> {
  const person = await signUpEnrolled(second.api, name);
  await stack.sql("update users.account set roles = '{admin}' where id = $1", [person.id]);
  await logInOwner(second.api, person);
  return person;
}

async function ask(owner: Enrolled): Promise<string> {
  const options = { token: grace.accessToken, body: { reason: 'lost her phone' } };
  return expect(202, await second.api('POST', `/admin/users/${owner.id}/otp/reset`, options)).body.reset_id;
}

const approve = (api: GatewayProcess['api'], id: string) =>
  api('POST', `/admin/otp_resets/${id}/approve`, { token: alan.accessToken });

async function assertDoneOnce(owner: Enrolled, id: string): Promise<void> {
  const state = async () => {
    const [row] = await stack.sql<{ state: string }>('select state from gateway.otp_reset where id = $1', [id]);
    return row?.state;
  };
  await until('the reset is done', async () => (await state()) === 'done');
  expectProblem(401, 'unauthenticated', await second.api('GET', '/me', { token: owner.accessToken }));
  await until('the flag is gone', async () => {
    const [row] = await stack.sql<{ otp_enabled: boolean }>('select otp_enabled from users.account where id = $1', [
      owner.id,
    ]);
    return row?.otp_enabled === false;
  });
  const logins = [await provePassword(second.api, owner), await provePassword(second.api, owner)];
  assert.deepEqual(
    logins.map(({ body }) => [body.status, typeof body.notices?.otp_reset_at]),
    [
      ['complete', 'string'],
      ['complete', 'object'],
    ],
  );
  const recorded = async () => {
    const [row] = await stack.sql<{ count: number }>(
      `select count(*) from gateway.audit_log where subject = $1 and type = 'sallyport.otp.reset'`,
      [owner.id],
    );
    return row?.count;
  };
  await until('the reset is in the log', recorded);
  await until('nothing is left to collect', async () => {
    const [row] = await stack.sql<{ count: number }>('select count(*) from otp.outbox where acknowledged_at is null');
    return row?.count === 0;
  });
  assert.equal(await recorded(), 1);
}

for (const place of ['holdRequest', 'holdAnswer'] as const) {
  const when = place === 'holdRequest' ? 'before otp heard of it' : 'after otp was done';
  test(`a gateway killed between the approval and its end, ${when}: another one carries it out`, async () => {
    const ada = await signUpEnrolled(second.api);
    const id = await ask(ada);
    const held = first.otp[place]('POST', resetFactor, id);
    const approval = attempt(approve(first.api, id));
    await held.reached;
    await first.kill();
    held.drop();
    assert.equal(await approval, undefined);
    await assertDoneOnce(ada, id);
    await first.start();
  });
}

test('two gateways that carry the same reset out do it once', async () => {
  const ada = await signUpEnrolled(second.api);
  const id = await ask(ada);
  const held = [first, second].map((gateway) => gateway.otp.holdAnswer('POST', resetFactor, id));
  const approvals = [first, second].map((gateway) => approve(gateway.api, id));
  // The winner is held; so is the loop of whichever gateway leads, where that is the other one.
  await Promise.race(held.map(({ reached }) => reached));
  for (const each of held) each.release();
  const statuses = (await Promise.all(approvals)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [204, 404]);
  await assertDoneOnce(ada, id);
});
