import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalName, foldCase } from './canonical-name.ts';

const name = fc
  .string({ unit: 'binary', minLength: 3, maxLength: 60 })
  .filter((text) => canonicalName(text) !== undefined);

test('a canonical name is its own canonical name', () => {
  fc.assert(fc.property(name, (text) => canonicalName(canonicalName(text) ?? '') === canonicalName(text)));
});

test('composed, decomposed and compatibility forms are one name', () => {
  fc.assert(
    fc.property(name, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), (text, form) => {
      assert.equal(canonicalName(text.normalize(form)), canonicalName(text));
    }),
  );
});

test('upper and lower case are one name', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abzßéñøçıǆσςжяاé'), minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(letters, (text) => {
      assert.equal(canonicalName(text.toUpperCase()), canonicalName(text));
      assert.equal(canonicalName(text.toLowerCase()), canonicalName(text));
    }),
  );
});

test('fullwidth letters, surrounding blanks and case do not make another name', () => {
  for (const form of ['bob@x', 'Bob@x', ' bob@x\u3000', 'ｂｏｂ@x', 'BOB＠X']) {
    assert.equal(canonicalName(form), 'bob@x');
  }
  assert.equal(canonicalName('STRASSE'), canonicalName('straße'));
  assert.equal(canonicalName('Jose\u0301'), 'josé');
});

test('what can not be seen has no place in a name', () => {
  for (const bad of [
    'a b',
    'a\u00a0bc',
    'a\tbc',
    'a\u0000bc',
    'a\u200bbc',
    'a\u202ebc',
    'a\u00adbc',
    'ab\ufe0fc',
    '\ud800abc',
  ]) {
    assert.equal(canonicalName(bad), undefined, JSON.stringify(bad));
  }
});

test('a name has 3 to 254 code points', () => {
  assert.equal(canonicalName('ab'), undefined);
  assert.equal(canonicalName('abc'), 'abc');
  assert.equal(canonicalName('😀'.repeat(254)), '😀'.repeat(254));
  assert.equal(canonicalName('a'.repeat(255)), undefined);
});

test('every assigned character settles', () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    assert.notEqual(foldCase(String.fromCodePoint(point)), undefined, point.toString(16));
  }
});
