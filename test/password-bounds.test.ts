// What no password may cost or tell: a megabyte is refused before any hash, and an unknown
// name takes as long as a known one (promise 8). SALLYPORT_CHAOS=1 measures the times at cost 10.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endSoundly } from './support/assert-sound.ts';
import { expect, expectProblem, signUp } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

const chaos = process.env.SALLYPORT_CHAOS === '1';
let stack: Stack;
before(async () => {
  stack = await startStack({ env: { BCRYPT_COST: chaos ? '10' : '4', PASSWORD_TRIES_PER_ADDRESS: '0' } });
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

test('takes as long for an unknown name as for a known and a locked one, within 5 ms of the median (ASVS 6.3.8)', {
  skip: chaos ? false : 'SALLYPORT_CHAOS is not set',
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
  const measure = async () => {
    const times: Record<string, number[]> = { known: [], unknown: [], locked: [] };
    for (let at = 0; at < 200; at += 1) {
      times.known?.push(await time(ada.username));
      times.unknown?.push(await time(`nobody-${at}@example.com`));
      times.locked?.push(await time(bob.username));
    }
    const medians = Object.values(times).map((list) => list.sort((one, other) => one - other)[100] ?? 0);
    const apart = Math.max(...medians) - Math.min(...medians);
    assert.ok(apart < 5, `medians of ${medians.map((median) => median.toFixed(1))} ms`);
  };
  await measure();
  for (let at = 0; at < 100; at += 1) await time(at % 2 ? ada.username : `spread-${at}@example.com`);
  await measure();
});
