import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NewPassword } from './credentials.ts';

test('a password has at most 256 code points after NFKC', () => {
  assert.ok(NewPassword.safeParse('xq'.repeat(128)).success);
  assert.ok(!NewPassword.safeParse(`${'xq'.repeat(128)}z`).success);
  assert.ok(!NewPassword.safeParse('\ufdfa'.repeat(15)).success);
});
