import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePassword } from './judge-password.ts';

test('length is counted in code points after NFKC', () => {
  assert.equal(judgePassword('tr0ub4d', 'bob'), 'too-short');
  assert.equal(judgePassword('tr0ub4d&', 'bob'), undefined);
  assert.equal(judgePassword('😀'.repeat(7), 'bob'), 'too-short');
  assert.equal(judgePassword('😀🎈🌍🦊🍕🚲📷🔑', 'bob'), undefined);
  assert.equal(judgePassword('é'.normalize('NFD').repeat(7), 'bob'), 'too-short');
  assert.equal(judgePassword('xq'.repeat(128), 'bob'), undefined);
});

test('common passwords are refused in any case and compatibility form', () => {
  for (const common of ['password', 'PassWord', 'ｐａｓｓｗｏｒｄ', '12345678', 'qwertyuiop', '1QAZ2WSX']) {
    assert.equal(judgePassword(common, 'bob'), 'common', common);
  }
});

test('the own name is a common password', () => {
  assert.equal(judgePassword('Bob.Builder@Example', 'bob.builder@example'), 'common');
  assert.equal(judgePassword('Bob.Builder@Example', 'alice'), undefined);
});
