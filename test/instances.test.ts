// users as two processes behind one name, as a headless Service or Docker's DNS shows them: who is added gets its share
// within seconds, and who is told to stop loses no call. Two loopback addresses with one port stand for two containers.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { users } from '@sallyport/contracts';
import { createServiceClient, type ServiceClient } from '@sallyport/http/service-client';
import { secondLoopbackMissing } from './support/ipv6.ts';
import { createPartProcess, type PartProcess } from './support/part-process.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { openLifeline } from './support/servers/lifeline.ts';
import { until } from './support/until.ts';

const first = { address: '127.0.0.1', family: 4 };
const second = { address: '::1', family: 6 };
const context = { request_id: 'test', ip: null, user_agent: null, session_id: null };

/** Passwords that are verified all the time, each a bcrypt: eight at once. */
function startLoad(client: ServiceClient) {
  const failures: string[] = [];
  let ended = false;
  let answered = 0;
  const body = { username: 'nobody@example.com', password: 'a long pass phrase' };
  const work = async () => {
    while (!ended) {
      try {
        const { outcome } = await client.call('POST', '/passwords/verify', {
          answer: users.PasswordVerification,
          context,
          body,
        });
        assert.equal(outcome, 'rejected');
        answered += 1;
      } catch (error) {
        failures.push(`${error} ${(error as Error).cause}`);
      }
    }
  };
  const working = Promise.all(Array.from({ length: 8 }, work));
  return {
    failures,
    answered: () => answered,
    async end() {
      ended = true;
      await working;
    },
  };
}

async function countHashes(opsUrl: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return Number(/^users_hashes_total\{outcome="done"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

suite('two instances of users behind one name', { skip: secondLoopbackMissing }, () => {
  let stack: ProcessStack;
  let added: PartProcess;
  let addedOps: string;
  const opened = new AsyncDisposableStack();
  before(async () => {
    stack = opened.use(await startProcessStack());
    const lifeline = openLifeline(mkdtempSync(join(tmpdir(), 'sallyport-parts-')));
    opened.defer(() => lifeline.close());
    const env = { ...stack.env, SERVICE_SECRETS: stack.env.USERS_SERVICE_SECRETS ?? '' };
    added = await createPartProcess('users', env, () => lifeline.follow(...[added.pid()].flatMap((pid) => pid ?? [])));
    opened.defer(() => added.kill());
    added.configure({ HOST: '::1', USERS_PORT: new URL(stack.users.url).port });
    addedOps = added.opsUrl.replace('127.0.0.1', '[::1]');
  });
  after(() => opened.disposeAsync());

  test('one that is added gets its share within seconds, and one that stops loses no call', {
    timeout: 300_000,
  }, async () => {
    let found = [first];
    const client = createServiceClient({
      service: 'users',
      urls: [`http://users.test:${new URL(stack.users.url).port}`],
      secrets: [stack.env.USERS_SERVICE_SECRETS ?? ''],
      now: Date.now,
      resolve: async () => found,
    });
    const load = startLoad(client);
    await until('the first is under load', () => load.answered() > 50);
    await added.start();
    found = [first, second];
    const since = performance.now();
    await until('the added one hashes', async () => (await countHashes(addedOps)) > 50, { ms: 6_000 });
    console.log(`# the added one had its share ${((performance.now() - since) / 1_000).toFixed(1)} s after its name`);
    stack.users.signal('SIGTERM');
    const { code } = await stack.users.ended();
    assert.equal(code, 0);
    const before = load.answered();
    await until('the other one goes on alone', () => load.answered() > before + 50);
    await load.end();
    await client.close();
    assert.deepEqual(load.failures, []);
  });
});
