import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEvent } from './create-event.ts';

const source = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 67), randomBytes };
const context = { request_id: 'r1', ip: '192.0.2.1', user_agent: 'curl', session_id: null };
const subject = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const draft = { type: 'sallyport.login.failed', outcome: 'failure', subject, reason: 'wrong-password' } as const;

test('holds every member of the contract, null where there is nothing', () => {
  const event = JSON.parse(createEvent({ ...draft, username: 'ada' }, context, source).body);
  assert.equal(event.time, '2026-01-02T03:04:05.067Z');
  assert.deepEqual(Object.keys(event.data).sort(), [
    'actor',
    'amr',
    'client',
    'count',
    'outcome',
    'personal',
    'personal_hash',
    'reason',
    'request_id',
    'session_id',
    'target',
  ]);
  assert.equal(event.data.personal.username, 'ada');
  assert.equal('subject' in JSON.parse(createEvent({ ...draft, subject: null }, context, source).body), false);
});

test('binds personal data by a salted hash of its canonical form', () => {
  const { data } = JSON.parse(createEvent(draft, context, source).body);
  const { salt, ip, user_agent, username } = data.personal;
  const canonical = JSON.stringify({ ip, salt, user_agent, username });
  assert.equal(data.personal_hash, createHash('sha256').update(canonical).digest('hex'));
  assert.match(salt, /^[0-9a-f]{64}$/);
});

test('cleans and cuts whatever comes from outside (no control, no lone surrogate, no megabyte)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
      const hostile = `${text}\u0000\r\n\u2028\u202e\ud800`;
      const { body } = createEvent({ ...draft, username: hostile }, { ...context, user_agent: hostile }, source);
      const { user_agent, username } = JSON.parse(body).data.personal;
      for (const field of [user_agent, username]) {
        assert.ok(field.isWellFormed());
        assert.doesNotMatch(field, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
      assert.ok(Array.from(user_agent).length <= 512 && Array.from(username).length <= 254);
    }),
  );
  const { body } = createEvent(draft, { ...context, user_agent: 'x'.repeat(1 << 20) }, source);
  assert.equal(JSON.parse(body).data.personal.user_agent.length, 512);
});

test('makes version 4 UUIDs and never the same', () => {
  const ids = Array.from({ length: 1_000 }, () => createEvent(draft, context, source).id);
  assert.equal(new Set(ids).size, 1_000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
