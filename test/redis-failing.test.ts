// Promise 5 with a Redis that answers, but can't be relied on: read-only as a replica is, or out of memory. Codes and
// passwords meet 503 and nobody gets in; stopping.test.ts has those that are down or hung.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Redis } from 'ioredis';
import { createOwner } from '../services/otp/testing/owner.ts';
import { startTestOtp } from '../services/otp/testing/start-test-otp.ts';
import {
  challengeOf,
  expect,
  expectProblem,
  logIn,
  nextCode,
  type Person,
  signUpWithFactor,
} from './support/people.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startRedis } from './support/servers/redis.ts';
import type { TestServer } from './support/servers/server.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;

suite('a Redis that fails', { skip: onlyReal ?? findServers().redis.missing ?? false }, () => {
  let server: TestServer;
  let admin: Redis;
  let stack: Stack;
  let ada: Person & { secret: string };
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url, { retryStrategy: () => 100 });
    admin.on('error', () => undefined);
    stack = await startStack({ env: { REDIS_URL: server.url } });
    ada = await signUpWithFactor(stack);
  });
  after(async () => {
    admin?.disconnect();
    await stack?.[Symbol.asyncDispose]();
    await server?.close();
  });

  const isReady = async () => {
    const parts = [...stack.parts.otps, ...stack.parts.gateways];
    const answers = await Promise.all(parts.map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)));
    return answers.every(({ status }) => status === 200);
  };
  const countSessions = async () => (await stack.sql('select from gateway.session')).length;

  for (const [how, fail, mend] of [
    ['read-only', () => admin.replicaof('127.0.0.1', 1), () => admin.replicaof('NO', 'ONE')],
    ['out of memory', () => admin.config('SET', 'maxmemory', '1'), () => admin.config('SET', 'maxmemory', '0')],
  ] as const) {
    test(`${how}: codes and passwords are 503 within a second, nobody gets in, and all is well soon after`, async () => {
      const challenge = await challengeOf(stack.api, ada);
      const sessions = await countSessions();
      const otp = nextCode(stack, ada);
      const { username, password, accessToken: token } = ada;
      await fail();
      for (const [method, path, body] of [
        ['POST', '/login/otp', { challenge, otp }],
        ['POST', '/login', { username, password, otp }],
        ['POST', '/login', { username, password }],
        ['POST', '/login', { username, password: 'a wrong pass phrase' }],
        ['POST', '/reauthenticate', { password, otp }],
        ['PUT', '/me/password', { current_password: password, new_password: 'another pass phrase', otp }],
      ] as const) {
        const started = performance.now();
        const refused = await stack.api(method, path, { body, ...(path.startsWith('/login') ? {} : { token }) });
        const ms = performance.now() - started;
        expectProblem(503, 'unavailable', refused);
        assert.ok(ms < 1_000, `${path} took ${ms} ms`);
      }
      assert.equal(await countSessions(), sessions);
      await mend();
      // A server that was read-only has been left, for what its address leads to.
      await until('the parts are connected again', isReady, { ms: 2_000 });
      await logIn(stack, ada);
    });
  }

  test('that evicts the gate of a used code makes it good for nobody', async () => {
    await logIn(stack, ada);
    const otp = nextCode(stack, ada);
    const challenges = [await challengeOf(stack.api, ada), await challengeOf(stack.api, ada)];
    expect(200, await stack.api('POST', '/login/otp', { body: { challenge: challenges[0], otp } }));
    const gates = await admin.keys(`${stack.redisPrefix}used:*`);
    assert.ok(gates.length > 0);
    await admin.del(...gates);
    const replayed = await stack.api('POST', '/login/otp', { body: { challenge: challenges[1], otp } });
    expectProblem(401, 'invalid-otp', replayed);
  });

  test('known to be away counts no attempt in otp, and the code is still good afterwards', async () => {
    await using service = await startTestOtp({ REDIS_URL: server.url });
    const owner = await createOwner(service);
    const attempts = () => service.db.query('select * from otp.lane where user_id = $1', [owner.id]);
    const before = await attempts();
    const code = { method: 'otp', value: owner.code() };
    const use = { user_id: owner.id, attempt_id: owner.id, lane: 'unknown', challenge: 'c'.repeat(64), code };
    await server.stop();
    await until('otp knows it', async () => (await fetch(`${service.part.opsUrl}/readyz`)).status === 503);
    for (let at = 0; at < 20; at += 1) assert.equal((await service.post('/codes/verify', use)).status, 503);
    assert.deepEqual(await attempts(), before);
    await server.start();
    await until('otp is ready', async () => (await fetch(`${service.part.opsUrl}/readyz`)).status === 200);
    assert.equal((await owner.use(code.value)).outcome, 'accepted');
  });
});
