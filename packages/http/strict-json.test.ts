import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStrictJson } from './strict-json.ts';

test('reads what JSON.parse reads, where no key repeats', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      assert.deepEqual(parseStrictJson(text, 8)?.value, JSON.parse(text));
    }),
  );
});

test('refuses a key twice, however it is escaped', () => {
  for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"x":{"b":1,"b":1}}', '[{"":1,"":2}]']) {
    assert.equal(parseStrictJson(text, 8), undefined, text);
  }
});

test('refuses a key twice also where JSON.parse misreads it, by a body that came before', () => {
  const pairs = [
    [
      '{"k":0,"password":"p","username":"ada","\\\\u0075se":"bob"}',
      '{"k":0,"password":"p","username":"ada","\\u0075sername":"bob"}',
    ],
    [
      '{"k2":0,"\\\\u0":"y","challenge":"c","otp":"111111"}',
      '{"k2":0,"\\u006ftp":"222222","challenge":"c","otp":"111111"}',
    ],
  ] as const;
  for (const [before, twice] of pairs) {
    assert.equal(parseStrictJson(twice, 8), undefined, 'at first');
    assert.ok(parseStrictJson(before, 8));
    assert.equal(parseStrictJson(twice, 8), undefined, 'afterwards');
  }
});

test('takes the same key in different objects, and keys that only look like structure', () => {
  for (const text of ['{"a":{"a":1}}', '[{"a":1},{"a":2}]', '{"a":":{","b":"\\"a\\":","{":"}"}', '{"__proto__":1}']) {
    assert.ok(parseStrictJson(text, 8), text);
  }
});

test('refuses what nests deeper than it may', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(parseStrictJson(nested(8), 8));
  assert.equal(parseStrictJson(nested(9), 8), undefined);
  assert.equal(parseStrictJson(nested(8_000), 8), undefined);
});

test('refuses what is no JSON', () => {
  for (const text of ['', '{', '{"a":1,}', "{'a':1}", '\\"'.repeat(8_000), 'NaN', '\u00a0{}']) {
    assert.equal(parseStrictJson(text, 8), undefined);
  }
});
