// Promises 1 and 5 with a PostgreSQL that is slow, has no connection left, or whose answer to a commit is lost: 503, never
// a second success, and back by itself; stopping.test.ts has those that are down or hung.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { startAnswerCutter } from './support/answer-cutter.ts';
import { codeAt } from './support/authenticator.ts';
import { startMoreGateway, startMoreOtp } from './support/more-parts.ts';
import { challengeOf, expect, expectProblem, logIn, nextCode, signUp, signUpWithFactor } from './support/people.ts';
import { startProxy } from './support/proxy.ts';
import { sharedRedisMissing, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

for (const when of ['before', 'after'] as const) {
  test(`a connection cut ${when} otp's commit of a confirmation: 503, and one factor with one set of codes at the end`, async () => {
    await using stack = await startStack();
    await using way = await startAnswerCutter(stack.databaseUrl);
    await using otp = await startMoreOtp(stack, { DATABASE_URL: way.url });
    await using gateway = await startMoreGateway(stack, { OTP_URL: otp.part.url });
    const ada = await signUp(stack.api);
    const token = ada.accessToken;
    const { secret } = expect(200, await stack.api('POST', '/auth/otp/setup', { token })).body;
    const cut = way.cutAt('commit\0', when);
    const confirm = (api = gateway.api) =>
      api('PUT', '/auth/otp/enable', { token, body: { otp: codeAt(secret, stack.clock.now()) } });
    expectProblem(503, 'unavailable', await confirm());
    await cut;
    const again = await confirm();
    assert.ok([401, 409].includes(again.status), again.text);
    const active = async () => (await stack.sql('select from otp.factor where active')).length;
    assert.equal(await active(), when === 'after' ? 1 : 0);
    if (when === 'before') {
      stack.clock.advance(30_000);
      expect(200, await confirm());
    }
    assert.equal(await active(), 1);
    assert.equal((await stack.sql('select from otp.recovery_set')).length, 1);
    await until('the flag follows', async () => {
      const [row] = await stack.sql<{ flag: boolean }>('select otp_enabled as flag from users.account');
      return row?.flag === true;
    });
  });

  test(`a connection cut ${when} the commit of a code or a session: 503, and the code opens nothing else`, {
    skip: sharedRedisMissing,
  }, async () => {
    await using stack = await startStack();
    await using way = await startAnswerCutter(stack.databaseUrl);
    await using otp = await startMoreOtp(stack, { DATABASE_URL: way.url });
    await using gateway = await startMoreGateway(stack, { OTP_URL: otp.part.url, DATABASE_URL: way.url });
    const ada = await signUpWithFactor(stack);
    for (const statement of ['update otp.factor set last_step', 'insert into gateway.session']) {
      const challenge = await challengeOf(stack.api, ada);
      const other = await challengeOf(stack.api, ada);
      const body = { challenge, otp: nextCode(stack, ada) };
      const cut = way.cutAt(statement, when);
      expectProblem(503, 'unavailable', await gateway.api('POST', '/login/otp', { body }));
      await cut;
      for (const api of [gateway.api, stack.api]) {
        expectProblem(401, 'invalid-otp', await api('POST', '/login/otp', { body: { ...body, challenge: other } }));
      }
      const sessions = await stack.sql('select from gateway.session where challenge_hash is not null');
      assert.ok(sessions.length <= 1);
    }
    await logIn({ ...stack, api: gateway.api }, ada);
  });
}

test('slow: 503 within the deadlines, and all serve within 5 s of its being fast again', async () => {
  await using stack = await startStack();
  const { hostname, port } = new URL(stack.databaseUrl);
  await using proxy = await startProxy(hostname, Number(port || 5432));
  const url = Object.assign(new URL(stack.databaseUrl), { host: `127.0.0.1:${proxy.port}` }).href;
  await using gateway = await startMoreGateway(stack, { DATABASE_URL: url });
  const ada = await signUp(stack.api);
  const { username, password, accessToken: token } = ada;
  expect(200, await gateway.api('GET', '/me', { token }));
  proxy.slow(4_000);
  const started = performance.now();
  const answers = await Promise.all([
    gateway.api('GET', '/me', { token }),
    gateway.api('POST', '/login', { body: { username, password } }),
  ]);
  for (const answer of answers) expectProblem(503, 'unavailable', answer);
  assert.ok(performance.now() - started < 10_000);
  proxy.slow(0);
  await until('it serves', async () => (await gateway.api('GET', '/me', { token })).status === 200, { ms: 5_000 });
});

test('failing over: every connection ends, the next ones can not write for a while, and all serve within 5 s', async () => {
  await using stack = await startStack();
  const ada = await signUpWithFactor(stack);
  const otp = nextCode(stack, ada);
  const used = { challenge: await challengeOf(stack.api, ada), otp };
  const other = { challenge: await challengeOf(stack.api, ada), otp };
  expect(200, await stack.api('POST', '/login/otp', { body: used }));
  const url = new URL(stack.databaseUrl);
  const name = url.pathname.slice(1);
  await using opened = new AsyncDisposableStack();
  const admin = new pg.Client({ connectionString: Object.assign(url, { pathname: '/postgres' }).href });
  await admin.connect();
  opened.defer(() => admin.end());
  const endAll = () => admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  const { username, password } = ada;
  const logInAgain = () => stack.api('POST', '/login', { body: { username, password } });

  await admin.query(`alter database "${name}" set default_transaction_read_only = on`);
  await endAll();
  await until('what is read-only is away', async () => (await logInAgain()).status === 503, { ms: 5_000 });
  for (let at = 0; at < 5; at += 1) expectProblem(503, 'unavailable', await logInAgain());
  expectProblem(503, 'unavailable', await stack.api('POST', '/login/otp', { body: other }));
  await admin.query(`alter database "${name}" reset default_transaction_read_only`);
  await endAll();
  await until('it serves', async () => (await logInAgain()).status === 200, { ms: 5_000 });
  expectProblem(401, 'invalid-otp', await stack.api('POST', '/login/otp', { body: other }));
  await logIn(stack, ada);
});

test('without a connection left: 503 for what needs one, an answer from what needs none, and back at once', async () => {
  await using stack = await startStack();
  const { accessToken: token } = await signUp(stack.api);
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query('lock table gateway.session in access exclusive mode');
  const asked = Array.from({ length: 60 }, () => stack.api('GET', '/me', { token }));
  expect(200, await stack.api('GET', '/healthz'));
  for (const answer of await Promise.all(asked)) expectProblem(503, 'unavailable', answer);
  await client.query('rollback');
  await client.end();
  await until('it serves', async () => (await stack.api('GET', '/me', { token })).status === 200, { ms: 5_000 });
});
