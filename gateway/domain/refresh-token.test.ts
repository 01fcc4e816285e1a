import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { KeyRing } from '@sallyport/config';
import { formatRefreshToken, makeRefreshValue, parseRefreshToken, wasIssued } from './refresh-token.ts';

const key = (id: string) => ({ id, bytes: randomBytes(121) });

test('reads back what it writes and nothing else', () => {
  const token = { sessionId: randomUUID(), number: 12, value: randomBytes(32) };
  const text = formatRefreshToken(token);
  assert.deepEqual(parseRefreshToken(text), token);
  for (const wrong of ['', `${text}x`, text.slice(1), text.replace('.12.', '.-1.'), text.toUpperCase(), `${text}\n`]) {
    assert.equal(parseRefreshToken(wrong), undefined, wrong);
  }
});

test('differs by key, secret, session and number', () => {
  const [one, two] = [key('one'), key('two')];
  const [secret, id] = [randomBytes(32), randomUUID()];
  const values = [
    makeRefreshValue(one, secret, id, 1),
    makeRefreshValue(two, secret, id, 1),
    makeRefreshValue(one, randomBytes(32), id, 1),
    makeRefreshValue(one, secret, randomUUID(), 1),
    makeRefreshValue(one, secret, id, 2),
  ];
  assert.equal(new Set(values.map((value) => value.toString('hex'))).size, 5);
  assert.deepEqual(makeRefreshValue(one, secret, id, 1), values[0]);
});

test('knows a token of any key in the ring, and no invented one', () => {
  const [one, two] = [key('one'), key('two')];
  const [secret, sessionId] = [randomBytes(32), randomUUID()];
  const token = { sessionId, number: 3, value: makeRefreshValue(two, secret, sessionId, 3) };
  assert.ok(wasIssued(token, secret, new KeyRing([one, two])));
  assert.ok(!wasIssued(token, secret, new KeyRing([one])));
  assert.ok(!wasIssued({ ...token, value: randomBytes(32) }, secret, new KeyRing([one, two])));
});
