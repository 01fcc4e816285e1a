import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noHash } from '@sallyport/audit/log';
import { numberPage } from './number-page.ts';
import { testEvent } from './testing/events.ts';

const start = { sequence: 0, hash: noHash };
const url = 'https://login.example';

test('refuses what its source may not record, and numbers the rest without a gap', () => {
  const good = testEvent('sallyport.password.changed');
  const forged = JSON.parse(good.body);
  const rows = [
    { source: 'users', ...good },
    { ...testEvent('sallyport.otp.verified'), source: 'users' },
    { source: 'users', id: testEvent().id, body: good.body },
    { source: 'users', id: good.id, body: '{' },
    { source: 'users', id: good.id, body: JSON.stringify({ ...forged, sequence: '7' }) },
    { source: 'users', id: good.id, body: JSON.stringify({ ...forged, data: { ...forged.data, reason: '\ud800' } }) },
    {
      source: 'users',
      id: good.id,
      body: JSON.stringify({ ...forged, data: { ...forged.data, personal_hash: noHash } }),
    },
    { ...testEvent('sallyport.otp.verified'), source: 'otp' },
    { ...testEvent(), source: 'elsewhere' },
  ];
  const page = numberPage(start, rows, url);
  assert.deepEqual(
    page.refused.map((row) => row.reason),
    ['foreign-type', 'other-id', 'not-json', 'invalid', 'invalid', 'wrong-personal-hash', 'foreign-type'],
  );
  assert.deepEqual(
    page.events.map((event) => event.sequence),
    [1, 2],
  );
  assert.deepEqual(page.tail, { sequence: 2, hash: page.events[1]?.hash });
});

test('takes a reason that only a newer version of its part gives: a rolling upgrade loses no event', () => {
  const event = testEvent('sallyport.login.failed');
  const body = event.body.replace('"reason":null', '"reason":"invented-tomorrow"');
  assert.notEqual(body, event.body);
  assert.equal(numberPage(start, [{ source: 'gateway', id: event.id, body }], url).events.length, 1);
});

test('the event has every promised field, and its source is the part that recorded it', () => {
  const subject = '7b2f4c1e-3d77-4b0a-9a55-0f6f0f1f2a3b';
  const [event] = numberPage(start, [{ source: 'gateway', ...testEvent(undefined, subject) }], url).events;
  const body = JSON.parse(event?.body ?? '');
  assert.equal(body.source, 'https://login.example/gateway');
  assert.equal(body.subject, subject);
  assert.equal(
    Object.keys(body).sort().join(' '),
    'data datacontenttype dataschema hash id prevhash sequence source specversion subject time type',
  );
});
