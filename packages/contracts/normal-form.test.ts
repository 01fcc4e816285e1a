import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName } from './canonical-name.ts';
import { NewPassword } from './credentials.ts';
import { normalForm } from './normal-form.ts';

test('16 KiB of combining marks are never normalised', (t) => {
  const normalize = t.mock.method(String.prototype, 'normalize');
  const marks = `a${'\u0345\u0360\u0362\u0315\u0300\u031b\u0321\u0316\u0591\u05b0\u064b\u05bf'.repeat(650)}`;
  assert.equal(canonicalName(marks), undefined);
  assert.equal(NewPassword.safeParse(marks).success, false);
  assert.equal(normalize.mock.callCount(), 0);
});

test('256 characters are normalised, whatever they are made of', () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const character = String.fromCodePoint(point);
    assert.notEqual(normalForm(character.normalize('NFD').repeat(256)), undefined, point.toString(16));
  }
});
