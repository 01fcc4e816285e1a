// Redis as a cluster of three primaries and their replicas: promise 1 and 3 hold while one of them is killed, promise 5
// until its replica has taken over, and no script wants keys of two nodes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { endSoundly } from './support/assert-sound.ts';
import { assertOneGotIn, atOnce, fewAtOnce, inTurn } from './support/at-once.ts';
import { assertHeld, startFailoverLoad } from './support/failover-load.ts';
import { challengeOf } from './support/people.ts';
import { giveCode, logInOwner, signUpEnrolled } from './support/process-people.ts';
import { recoveryMs } from './support/recovery-ms.ts';
import { clusterMissing, type RedisCluster, startRedisCluster } from './support/servers/redis-cluster.ts';
import { cleanEnvironment } from './support/servers/suite.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;
const root = join(import.meta.dirname, '..');

suite('on a Redis Cluster', { skip: onlyReal ?? clusterMissing }, () => {
  let cluster: RedisCluster;
  let stack: Stack;
  before(async () => {
    cluster = await startRedisCluster();
    const env = { REDIS_URL: cluster.url, OTP_WINDOW: '10', ADDRESS_FAILURES: '100000' };
    stack = await startStack({ gateways: 2, otps: 2, env });
  });
  after(async () => {
    if (stack) await endSoundly(stack);
    await cluster?.close();
  });

  const ready = async (wanted: number) => {
    const parts = [...stack.parts.otps, ...stack.parts.gateways];
    const statuses = await Promise.all(parts.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/readyz`)).status));
    return statuses.every((status) => status === wanted);
  };

  test('every store of the gateway does what it does on one node: no script has keys in two slots', async () => {
    const folder = join(root, 'gateway', 'store');
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name))
      .filter((file) => readFileSync(file, 'utf8').includes('TEST_REDIS_URL'));
    assert.ok(files.length >= 3);
    const run = promisify(execFile)(
      process.execPath,
      ['--test', '--test-reporter=tap', '--test-name-pattern=(Redis)', ...files],
      { cwd: root, env: { ...cleanEnvironment(), TEST_REDIS_URL: cluster.url } },
    );
    const { stdout } = await run.catch((error: { stdout: string }) => assert.fail(error.stdout));
    assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) >= 10, stdout);
  });

  test('people log in whole, whichever node has their keys, and one of fifty uses of a code gets in', async () => {
    const people = await fewAtOnce(6, () => signUpEnrolled(stack.api));
    for (const person of people) await logInOwner(stack.api, person);
    const [ada] = people;
    assert.ok(ada);
    const challenges = await fewAtOnce(5, (at) => challengeOf(inTurn(stack.apis, at), ada));
    const otp = giveCode(ada);
    const answers = await atOnce(50, (at) =>
      inTurn(stack.apis, at)('POST', '/login/otp', { body: { challenge: inTurn(challenges, at), otp } }),
    );
    assertOneGotIn(answers);
  });

  test('a primary killed under load: 503 until its replica is promoted, everybody in within 5 s of that, no replay', async (t) => {
    await using load = await startFailoverLoad(stack.apis);
    const usualMs = await load.through();
    const owner = await cluster.ownerOf('any key');
    await owner.kill();
    await until('it is seen that slots are not served', () => ready(503));
    await cluster.whole();
    const ms = await load.through();
    t.diagnostic(`${Math.round(ms)} ms after the promotion`);
    assert.ok(ms < recoveryMs + usualMs, `${ms} ms after the promotion`);
    await until('all are ready', () => ready(200));
    await owner.start();
    await cluster.whole();
    await load.through();
    await load.end();
    assertHeld(load);
  });
});
