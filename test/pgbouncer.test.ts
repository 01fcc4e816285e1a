// Two of each part, each a process of its own, over five connections to PostgreSQL that PgBouncer lends for a transaction
// at a time: migrations, both doors, refreshing, what admins do, and promise 1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFlagsEqualFactors, assertLogIsWhole } from './support/assert-sound.ts';
import { assertOneGotIn, atOnce, inTurn } from './support/at-once.ts';
import { createTestDatabase } from './support/database.ts';
import { expect, expectProblem } from './support/people.ts';
import {
  enrolOwner,
  giveCode,
  logInOwner,
  provePassword,
  signUpEnrolled,
  signUpOwner,
} from './support/process-people.ts';
import { startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startPgbouncer } from './support/servers/pgbouncer.ts';
import { sharedRedisMissing } from './support/stack.ts';
import { until } from './support/until.ts';

const skip = sharedRedisMissing || (findServers().pgbouncer.missing ?? false);

test('behind PgBouncer in transaction mode all flows work, and one of fifty simultaneous uses of a code gets in', {
  skip,
}, async () => {
  await using database = await createTestDatabase();
  await using pooler = await startPgbouncer(database.url, { poolSize: 5 });
  await using stack = await startProcessStack({ databaseUrl: pooler.url, gateways: 2, users: 2, otps: 2 });
  const [first, second] = stack.gateways;
  if (!first || !second) throw new Error('two gateways');

  const people = await atOnce(6, (at) => signUpEnrolled(inTurn(stack.gateways, at).api));
  await atOnce(people.length, async (at) => {
    const [person, here, there] = [
      inTurn(people, at),
      inTurn(stack.gateways, at).api,
      inTurn(stack.gateways, at + 1).api,
    ];
    await logInOwner(there, person);
    expect(200, await here('GET', '/verify', { token: person.accessToken }));
    expect(200, await here('POST', '/token/refresh', { body: { refresh_token: person.refreshToken } }));
  });

  const ada = await enrolOwner(first.api, await signUpOwner(second.api));
  const challenges = await atOnce(10, async (at) => {
    const answer = expect(200, await provePassword(inTurn(stack.gateways, at).api, ada));
    return answer.body.challenge as string;
  });
  const otp = giveCode(ada);
  const answers = await atOnce(50, (at) =>
    inTurn(stack.gateways, at).api('POST', '/login/otp', { body: { challenge: inTurn(challenges, at), otp } }),
  );
  assertOneGotIn(answers);
  assert.ok(answers.every(({ status }) => [200, 401, 429, 503].includes(status)));

  const grace = await signUpEnrolled(second.api);
  const password = { current_password: grace.password, new_password: `${grace.password} anew`, otp: giveCode(grace) };
  expect(204, await first.api('PUT', '/me/password', { token: grace.accessToken, body: password }));
  expectProblem(401, 'invalid-credentials', await provePassword(second.api, grace));
  await logInOwner(second.api, Object.assign(grace, { password: password.new_password }));
  expect(204, await second.api('POST', '/logout', { token: grace.accessToken }));
  expect(401, await first.api('GET', '/verify', { token: grace.accessToken }));

  await until('all is numbered', async () => (await stack.sql('select from gateway.outbox')).length === 0);
  await assertFlagsEqualFactors(stack);
  await assertLogIsWhole(stack);
  const [{ connections } = { connections: 0 }] = await stack.sql<{ connections: number }>(
    'select count(*) as connections from pg_stat_activity where datname = current_database()',
  );
  assert.ok(connections <= 5, `${connections} connections`);
  for (const part of stack.parts) {
    assert.ok(part.log().includes('"setting":"statement_timeout=0"'), `${part.name} warns of the deadline`);
    assert.ok(!/"level":"(error|fatal)"|prepared statement/.test(part.log()), part.log().slice(-2_000));
  }
});
