// Promises 5 and 10: a part that is told to stop answers what it has begun and is gone within ten seconds, whatever hangs;
// one whose stores are away says so by name, gives nothing away, and is back without a restart when they are.
// SALLYPORT_CHAOS=1 leaves what hangs alone for 30 s instead of a moment.
// Runs on one back end: the real one has every store that can hang.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, suite, test } from 'node:test';
import { type Answered, createApi, openConnections } from './support/api.ts';
import { tally } from './support/at-once.ts';
import { createTestDatabase } from './support/database.ts';
import type { Ending, PartProcess } from './support/part-process.ts';
import { expect, expectProblem } from './support/people.ts';
import {
  attempt,
  type Enrolled,
  giveCode,
  logInOwner,
  type Owner,
  provePassword,
  signUpEnrolled,
  signUpOwner,
} from './support/process-people.ts';
import { type GatewayProcess, type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startPostgres } from './support/servers/postgres.ts';
import { startRedis } from './support/servers/redis.ts';
import type { TestServer } from './support/servers/server.ts';
import { until } from './support/until.ts';

const chaos = process.env.SALLYPORT_CHAOS === '1';

/** What goes beyond every deadline and time-out on the way. */
async function stayAway(): Promise<void> {
  if (!chaos) return console.log('# SALLYPORT_CHAOS is not set: away for a moment instead of 30 s');
  const end = performance.now() + 30_000;
  await until('30 s have passed', () => performance.now() > end, { ms: 31_000, everyMs: 500 });
}

type Readiness = { status: number; dependencies: Record<string, string> };

async function readinessOf(part: PartProcess): Promise<Readiness> {
  const answer = await fetch(`${part.opsUrl}/readyz`);
  const body = (await answer.json()) as { dependencies: Record<string, string> };
  return { status: answer.status, dependencies: body.dependencies };
}

/** Tells the part to stop and returns how it ended, and after how many seconds. */
async function stop(part: PartProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending & { seconds: number }> {
  const started = performance.now();
  part.signal(signal);
  const ending = await part.ended();
  return { ...ending, seconds: (performance.now() - started) / 1_000 };
}

function assertStopped(part: PartProcess, { code, signal, seconds }: Ending & { seconds: number }): void {
  console.log(`# ${part.name} stopped after ${seconds.toFixed(1)} s`);
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  assert.ok(seconds < 10, `${seconds} s`);
}

async function refusesConnections({ url }: PartProcess): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    return true;
  } finally {
    socket.destroy();
  }
}

type Load = { answers: Answered[]; broken: string[]; end(): Promise<void> };

/**
 * People who log in and look at themselves all the time, each over one connection that is kept. A second one could lie
 * idle until the part closes it, just when it is used again: HTTP/1.1 leaves that to the client (RFC 9112 9.5).
 */
function startLoad(gateway: GatewayProcess, owners: readonly Owner[]): Load {
  const load: Load = { answers: [], broken: [], end: async () => {} };
  let ended = false;
  const work = async (owner: Owner) => {
    await using connection = openConnections(1);
    const api = createApi(gateway.url, connection);
    while (!ended) {
      try {
        load.answers.push(await api('GET', '/me', { token: owner.accessToken }));
        load.answers.push(await provePassword(api, owner));
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        if (code === undefined) throw error;
        if (code === 'ECONNREFUSED') return;
        load.broken.push(code);
      }
    }
  };
  const running = Promise.all(owners.map(work));
  load.end = async () => {
    ended = true;
    await running;
  };
  return load;
}

async function signUpMany(gateway: GatewayProcess, count: number): Promise<Owner[]> {
  return Promise.all(Array.from({ length: count }, () => signUpOwner(gateway.api)));
}

suite('told to stop', () => {
  let stack: ProcessStack;
  before(async () => {
    stack = await startProcessStack();
  });
  afterEach(() => stack.mend());
  after(() => stack[Symbol.asyncDispose]());

  for (const name of ['gateway', 'users', 'otp'] as const) {
    test(`${name} under load answers what it has begun and ends with 0`, async () => {
      const part = stack[name];
      const load = startLoad(stack.gateway, await signUpMany(stack.gateway, 12));
      await until('the load runs', () => load.answers.length > 60);
      const ending = await stop(part);
      await load.end();
      await part.start();
      assertStopped(part, ending);
      assert.deepEqual(load.broken, []);
      const statuses = new Set(load.answers.map((answer) => answer.status));
      for (const status of statuses) assert.ok(status === 200 || (name !== 'gateway' && status === 503), `${status}`);
      await until('the gateway is ready', async () => (await readinessOf(stack.gateway)).status === 200);
    });
  }

  test('a gateway that is offered 200 calls a second loses no answer of those it took', async () => {
    const owners = await signUpMany(stack.gateway, 12);
    const sessionsBefore = await stack.sql('select from gateway.session');
    const answers: Answered[] = [];
    const broken: string[] = [];
    let refused = 0;
    const call = async (at: number) => {
      const owner = owners[at % owners.length] as Owner;
      try {
        const own = at % 2 ? provePassword(stack.api, owner) : stack.api('GET', '/me', { token: owner.accessToken });
        answers.push(await own);
      } catch (error) {
        const { code = String(error) } = ((error as Error).cause ?? {}) as { code?: string };
        if (code === 'ECONNREFUSED') refused += 1;
        else broken.push(code);
      }
    };
    const calls: Promise<void>[] = [];
    // By the time that has passed, whatever the answers do.
    const started = performance.now();
    const offer = setInterval(() => {
      while (calls.length < (performance.now() - started) / 5) calls.push(call(calls.length));
    }, 5);
    await until('it is under load', () => calls.length > 200);
    const ending = await stop(stack.gateway);
    clearInterval(offer);
    await Promise.all(calls);
    await stack.gateway.start();
    assertStopped(stack.gateway, ending);
    console.log(`# ${calls.length} offered, ${answers.length} answered, ${refused} refused, ${broken.length} reset`);
    // Where the machine can't keep up with the offer, some are reset before the gateway has taken them.
    if (ending.seconds < 1) assert.deepEqual(broken, []);
    const kinds = tally(answers);
    for (const kind of Object.keys(kinds)) assert.match(kind, /^(200|overloaded|unavailable)$/);
    const logins = answers.filter(({ status, body }) => status === 200 && body.status === 'complete');
    assert.ok(logins.length > 20 && refused > 0, JSON.stringify(kinds));
    const born = (await stack.sql('select from gateway.session')).length - sessionsBefore.length;
    // Whoever met a deadline, on a machine that stood still, or was reset doesn't know.
    const unknown = (kinds.unavailable ?? 0) + broken.length;
    const more = born - logins.length;
    assert.ok(more >= 0 && more <= unknown, `${born} sessions for ${logins.length} logins, ${unknown} that don't know`);
  });

  test('a request in flight is answered, and meanwhile the part is not ready', async () => {
    const ada = await signUpEnrolled(stack.api);
    const { challenge } = expect(200, await provePassword(stack.api, ada)).body;
    const held = stack.gateway.users.holdAnswer('GET', /^\/accounts\/[^/]+$/, ada.id);
    const login = stack.api('POST', '/login/otp', { body: { challenge, otp: giveCode(ada) } });
    await held.reached;
    const ending = stop(stack.gateway);
    await until('it is not ready', async () => (await readinessOf(stack.gateway)).status === 503);
    // What reached it before is still taken.
    await until('nobody else is let in', () => refusesConnections(stack.gateway));
    held.release();
    assert.equal(expect(200, await login).body.status, 'complete');
    const ended = await ending;
    await stack.gateway.start();
    assertStopped(stack.gateway, ended);
    assert.ok(ended.seconds < 7, 'it waited for a connection that nobody uses');
  });

  test('SIGINT twice is one', async () => {
    for (const part of stack.parts) {
      part.signal('SIGINT');
      assertStopped(part, await stop(part, 'SIGINT'));
    }
    await Promise.all(stack.parts.map((part) => part.start()));
  });

  test('a gateway without its services ends as well', async () => {
    stack.users.suspend();
    stack.otp.suspend();
    const ada = { username: 'ada@example.com', password: 'a long pass phrase' } as Owner;
    const login = attempt(provePassword(stack.api, ada));
    assertStopped(stack.gateway, await stop(stack.gateway));
    await login;
    stack.users.resume();
    stack.otp.resume();
    await stack.gateway.start();
  });

  test('a gateway names the service that is away, and is ready again once it is back', async () => {
    for (const name of ['users', 'otp'] as const) {
      await stack[name].kill();
      const away = await until(`${name} is missed`, async () => {
        const readiness = await readinessOf(stack.gateway);
        return readiness.status === 503 ? readiness : undefined;
      });
      assert.deepEqual({ ...away.dependencies, [name]: 'up' }, { ...away.dependencies, ...allUp });
      assert.equal(away.dependencies[name], 'down');
      await stack[name].start();
      await until('it is ready again', async () => (await readinessOf(stack.gateway)).status === 200, { ms: 5_000 });
    }
  });

  for (const name of ['users', 'otp'] as const) {
    test(`${name} hangs: 503 within the budget and no session, and all is well within 5 s of its return`, {
      timeout: 300_000,
    }, async () => {
      const ada = await signUpEnrolled(stack.api);
      const { challenge } = expect(200, await provePassword(stack.api, ada)).body;
      const countSessions = async () => (await stack.sql('select from gateway.session')).length;
      const sessions = await countSessions();
      stack[name].suspend();
      const answer = await stack.api('POST', '/login/otp', { body: { challenge, otp: giveCode(ada) } });
      assert.ok(Number(expectProblem(503, 'unavailable', answer).headers.get('retry-after')) >= 1);
      await until('it is missed', async () => (await readinessOf(stack.gateway)).dependencies[name] === 'down');
      await stayAway();
      assert.equal(await countSessions(), sessions);
      stack[name].resume();
      const isReady = async () => (await readinessOf(stack.gateway)).status === 200;
      await until('the gateway is ready', isReady, { ms: 5_000 });
      await logInOwner(stack.api, ada);
    });
  }

  test('a gateway cut off from Postgres answers 503, and serves again within 5 s', async () => {
    const { gateway } = stack;
    const ada = await signUpOwner(gateway.api);
    await gateway.postgres.refuse();
    gateway.postgres.cut();
    expectProblem(503, 'unavailable', await gateway.api('GET', '/me', { token: ada.accessToken }));
    expectProblem(503, 'unavailable', await provePassword(gateway.api, ada));
    const { status, dependencies } = await readinessOf(gateway);
    assert.deepEqual({ status, dependencies }, { status: 503, dependencies: { ...allUp, postgres: 'down' } });
    await gateway.postgres.accept();
    await until('it serves', async () => (await provePassword(gateway.api, ada)).status === 200, { ms: 5_000 });
    assert.equal((await readinessOf(gateway)).status, 200);
  });
});

const allUp = { postgres: 'up', redis: 'up', users: 'up', otp: 'up', rabbitmq: 'up' };
const servers = findServers();
const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;

suite('with a Redis of its own', { skip: onlyReal ?? servers.redis.missing ?? false }, () => {
  let redis: TestServer;
  let stack: ProcessStack;
  before(async () => {
    redis = await startRedis();
    stack = await startProcessStack({ env: { REDIS_URL: redis.url } });
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    await redis?.close();
  });

  const countSessions = async (owner: Owner) =>
    (await stack.sql('select from gateway.session where user_id = $1', [owner.id])).length;

  /** A code that is right meets nothing but 503, soon, and is not spent. */
  async function assertRefused(ada: Enrolled, challenge: string): Promise<void> {
    const before = await countSessions(ada);
    const { lastStep } = ada;
    const otp = giveCode(ada);
    for (const [path, body] of [
      ['/login/otp', { challenge, otp }],
      ['/login', { username: ada.username, password: ada.password, otp }],
    ] as const) {
      const started = performance.now();
      const refused = await stack.api('POST', path, { body });
      const ms = performance.now() - started;
      expectProblem(503, 'unavailable', refused);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      console.log(`# ${path} answered 503 after ${Math.round(ms)} ms`);
      assert.ok(ms < 1_000, `${ms} ms`);
    }
    assert.equal(await countSessions(ada), before);
    ada.lastStep = lastStep;
  }

  for (const [how, away, back] of [
    ['stopped', () => redis.stop(), () => redis.start()],
    ['killed', () => redis.kill(), () => redis.start()],
    ['hung', async () => redis.suspend(), async () => redis.resume()],
  ] as const) {
    test(`codes are refused while Redis is ${how}, and taken when it is back, without a restart`, async () => {
      const ada = await signUpEnrolled(stack.api);
      const { challenge } = expect(200, await provePassword(stack.api, ada)).body;
      const leaving = await signUpOwner(stack.api);
      await away();
      await assertRefused(ada, challenge);
      expect(204, await stack.api('POST', '/logout', { token: leaving.accessToken, body: {} }));
      for (const part of [stack.gateway, stack.otp]) {
        const { status, dependencies } = await readinessOf(part);
        assert.deepEqual([status, dependencies.redis, dependencies.postgres], [503, 'down', 'up']);
      }
      await stayAway();
      await back();
      const ready = async () => (await readinessOf(stack.gateway)).status + (await readinessOf(stack.otp)).status;
      await until('both are ready', async () => (await ready()) === 400, { ms: 5_000 });
      expect(200, await logInOwner(stack.api, ada));
    });
  }
});

suite('with a Postgres of its own', { skip: onlyReal ?? servers.postgres.missing ?? false }, () => {
  let postgres: TestServer;
  let stack: ProcessStack;
  before(async () => {
    postgres = await startPostgres();
    const admin = process.env.TEST_DATABASE_URL;
    process.env.TEST_DATABASE_URL = postgres.url;
    const database = await createTestDatabase();
    process.env.TEST_DATABASE_URL = admin;
    stack = await startProcessStack({ databaseUrl: database.url });
  });
  afterEach(() => stack.mend());
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    await postgres?.close();
  });

  for (const [how, away, back] of [
    ['stopped', () => postgres.stop(), () => postgres.start()],
    ['killed', () => postgres.kill(), () => postgres.start()],
    ['hung', async () => postgres.suspend(), async () => postgres.resume()],
  ] as const) {
    test(`${how} under load: 503, no process ends, and all serve again within 5 s of its return`, async () => {
      const pids = stack.parts.map((part) => part.pid());
      const owners = await signUpMany(stack.gateway, 6);
      const ada = await signUpEnrolled(stack.api);
      const load = startLoad(stack.gateway, owners);
      await until('the load runs', () => load.answers.length > 30);
      await away();
      const refused = await until('503', async () => {
        const answer = await provePassword(stack.api, ada);
        return answer.status === 503 ? answer : undefined;
      });
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      for (const part of stack.parts) {
        const { status, dependencies } = await readinessOf(part);
        assert.deepEqual([status, dependencies.postgres], [503, 'down'], part.name);
      }
      await stayAway();
      await back();
      const started = performance.now();
      await until(
        'all serve',
        async () => (await attempt(logInOwner(stack.api, ada).catch(answerless)))?.status === 200,
      );
      const seconds = (performance.now() - started) / 1_000;
      console.log(`# all served ${seconds.toFixed(1)} s after Postgres was back`);
      assert.ok(seconds < 5, `${seconds} s`);
      await load.end();
      assert.deepEqual(
        stack.parts.map((part) => part.pid()),
        pids,
      );
      assert.deepEqual(new Set(load.answers.map((answer) => answer.status)), new Set([200, 503]));
      assert.deepEqual(load.broken, []);
    });
  }

  test('every part ends within 10 s of SIGTERM while Postgres hangs', async () => {
    const ada = await signUpOwner(stack.api);
    postgres.suspend();
    const login = attempt(provePassword(stack.api, ada));
    const endings = await Promise.all(stack.parts.map(async (part) => ({ part, ending: await stop(part) })));
    await login;
    postgres.resume();
    for (const { part, ending } of endings) assertStopped(part, ending);
  });
});

/** A login that was refused for now is tried again. */
function answerless(error: unknown): Promise<Answered> {
  if (error instanceof assert.AssertionError) throw new TypeError('fetch failed');
  throw error;
}
