// Promise 9: the address that counts is the last one that no trusted proxy has, in one form; what stands before it in
// X-Forwarded-For is anybody's word (CVE-2024-47070).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSound } from './support/assert-sound.ts';
import { expect, expectProblem, signUp } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';

/** The address of the session that a login from there opens, as its owner sees it. */
async function seenFrom(stack: Stack, person: { username: string; password: string }, from: string): Promise<string> {
  const { username, password } = person;
  const login = expect(200, await stack.api('POST', '/login', { from, body: { username, password } }));
  const { sessions } = expect(200, await stack.api('GET', '/sessions', { token: login.body.access_token })).body;
  return sessions.find((session: { current: boolean }) => session.current).ip;
}

const many = '1,'.repeat(5_000);

test('behind proxies in a row the last address before theirs counts, whatever stands before it and in any form', async () => {
  await using stack = await startStack({ env: { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8, 2001:db8:ffff::/48' } });
  const ada = await signUp(stack.api);
  const seen = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::FFFF:c000:0201': '192.0.2.1',
    '192.0.2.1:5678': '192.0.2.1',
    '2001:DB8:0:0:1::0001': '2001:db8::1:0:0:1',
    '[2001:db8::1]:443': '2001:db8::1',
    '192.0.2.1, 10.0.0.1, 10.9.9.9': '192.0.2.1',
    '192.0.2.1, ::ffff:10.0.0.1, 2001:db8:ffff::1': '192.0.2.1',
    '198.51.100.9, 10.0.0.5, 192.0.2.1, 10.0.0.1': '192.0.2.1',
    '127.0.0.1, 192.0.2.1': '192.0.2.1',
    '192.0.2.1, garbage, 10.0.0.1': 'unknown',
    [`${many}192.0.2.1, 10.0.0.1`]: '192.0.2.1',
  };
  for (const [from, ip] of Object.entries(seen)) assert.equal(await seenFrom(stack, ada, from), ip, from.slice(-60));
  await assertSound(stack);
});

test('without a trusted proxy the peer counts, whatever it says', async () => {
  await using stack = await startStack({ env: { TRUSTED_PROXIES: '' } });
  const ada = await signUp(stack.api);
  for (const from of ['192.0.2.1', '::1', '::ffff:10.0.0.1', 'garbage', ',', '192.0.2.1, 192.0.2.2', `${many}1`]) {
    assert.equal(await seenFrom(stack, ada, from), '127.0.0.1', from.slice(-60));
  }
  await assertSound(stack);
});

test('every form of an address, and all of a /64, has one count of failures', async () => {
  await using stack = await startStack({ env: { ADDRESS_FAILURES: '4', PASSWORD_TRIES_PER_ADDRESS: '0' } });
  const ada = await signUp(stack.api);
  const attempt = (from: string, password: string) =>
    stack.api('POST', '/login', { from, body: { username: ada.username, password } });
  const groups = [
    ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201', '192.0.2.1:99'],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff::', '[2001:db8:1:2::3]:443', '10.0.0.1, 2001:db8:1:2:3:4:5:6'],
  ];
  for (const forms of groups) {
    for (const from of forms) expectProblem(401, 'invalid-credentials', await attempt(from, 'not the password'));
    for (const from of forms) expectProblem(429, 'too-many-attempts', await attempt(from, ada.password));
  }
  expect(200, await attempt('192.0.2.2', ada.password));
  expect(200, await attempt('2001:db8:1:3::1', ada.password));
  await assertSound(stack);
});
