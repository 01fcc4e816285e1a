// What no password may cost or tell: a megabyte is refused before any hash, and an unknown
// name takes as long as a known one (promise 8). SALLYPORT_CHAOS=1 measures the times at cost 10.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { inTurn } from './support/at-once.ts';
import { expect, expectProblem, signUp } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

const chaos = process.env.SALLYPORT_CHAOS === '1';
let stack: Stack;
before(async () => {
  const env = { BCRYPT_COST: chaos ? '10' : '4', PASSWORD_TRIES_PER_ADDRESS: '0', PASSWORD_SLOW_AFTER: '0' };
  stack = await startStack({ env });
});
after(() => endSoundly(stack));

async function hashes(): Promise<string[]> {
  const text = await (await fetch(`${stack.parts.users.opsUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('users_hashes_total'));
}

test('refuses a password of a megabyte without hashing it, at every call that takes one', async () => {
  const ada = await signUp(stack.api);
  const before = await hashes();
  const password = 'x'.repeat(1_000_000);
  const { username, accessToken: token } = ada;
  const calls: [string, string, object][] = [
    ['POST', '/signup', { username: 'bob@example.com', password }],
    ['POST', '/login', { username, password }],
    ['POST', '/reauthenticate', { password }],
    ['PUT', '/me/password', { current_password: ada.password, new_password: password }],
    ['PUT', '/auth/otp/disable', { password }],
  ];
  for (const [method, path, body] of calls) {
    expectProblem(413, 'body-too-large', await stack.api(method, path, { token, body }));
  }
  assert.deepEqual(await hashes(), before);
  expect(200, await stack.api('POST', '/login', { body: { username, password: ada.password } }));
  assert.notDeepEqual(await hashes(), before, 'the measure moves with a hash');
});

const names = ['known', 'unknown', 'locked'] as const;
const orders = [
  [0, 1, 2],
  [2, 1, 0],
  [1, 2, 0],
  [0, 2, 1],
  [2, 0, 1],
  [1, 0, 2],
] as const;

test('takes as long for an unknown name as for a known and a locked one, within 5 ms of the median (ASVS 6.3.8)', {
  skip: chaos ? false : 'SALLYPORT_CHAOS is not set',
  timeout: 1_200_000,
}, async () => {
  const ada = await signUp(stack.api);
  const bob = await signUp(stack.api, 'bob');
  await stack.sql('update users.account set locked_at = clock_timestamp() where id = $1', [bob.id]);
  const time = async (username: string) => {
    const from = performance.now();
    const body = { username, password: 'not the password' };
    expectProblem(401, 'invalid-credentials', await stack.api('POST', '/login', { body }));
    return performance.now() - from;
  };
  // Each order in turn, so that nobody always comes behind the same one. What else runs here moves a median by more than
  // 5 ms: where 200 of each leave them apart there are more, over all of which only a difference of the product stays.
  const measure = async () => {
    const times: number[][] = [[], [], []];
    for (let at = 0; at < 1_000; at += 1) {
      const usernames = [ada.username, `nobody-${at}@example.com`, bob.username];
      for (const one of inTurn(orders, at)) times[one]?.push(await time(usernames[one] ?? ''));
      if (at % 200 !== 199) continue;
      const medians = times.map((list) => list.toSorted((one, other) => one - other)[Math.floor(at / 2)] ?? 0);
      console.log(
        `# medians of ${at + 1}: ${medians.map((ms, kind) => `${names[kind]} ${ms.toFixed(2)}`).join(', ')} ms`,
      );
      if (Math.max(...medians) - Math.min(...medians) < 5) return;
    }
    assert.fail('the medians are 5 ms apart or more');
  };
  await measure();
  for (let at = 0; at < 100; at += 1) await time(at % 2 ? ada.username : `spread-${at}@example.com`);
  await measure();
});
