import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { AuditEvent } from '@sallyport/audit/log';
import { createRenderer, escapeControls, type Paint } from './render-event.ts';

const subject = '6f1c1f0a-0000-4000-8000-000000000001';
const painted: Paint = (format, text) => styleText(format, text, { validateStream: false });
const render = createRenderer((_, text) => text, 'Asia/Kolkata');
const renderPainted = createRenderer(painted, 'Asia/Kolkata');

function eventOf({ type = 'login.failed', outcome = 'failure', ...data }: Record<string, unknown>): AuditEvent {
  const personal = { salt: '00', ip: '203.0.113.9', user_agent: 'curl/8', username: 'ada@example.com' };
  return {
    type: `sallyport.${type}`,
    subject,
    time: '2026-01-31T20:05:09.123Z',
    sequence: '42',
    data: { outcome, reason: 'wrong-password', count: 1, personal, ...data },
  } as unknown as AuditEvent;
}

test('an event is a line: when, number, type, outcome, why, who, from where, how many', () => {
  const head = '2026-02-01 01:35:09       42  login.failed               failure';
  assert.equal(render(eventOf({})), `${head}  wrong-password  ada@example.com  203.0.113.9`);
  assert.equal(render(eventOf({ count: 7 })), `${head}  wrong-password  ada@example.com  203.0.113.9  ×7`);
  assert.equal(render(eventOf({ personal: null, reason: null })), `${head}  ${subject}`);
  const nameless = { salt: '00', ip: null, user_agent: null, username: null };
  assert.equal(render(eventOf({ personal: nameless, reason: null, count: null })), `${head}  ${subject}`);
});

test('failures are red and successes green; what the log says of itself is dimmed', () => {
  assert.ok(renderPainted(eventOf({})).includes(painted('red', 'failure')));
  const success = { outcome: 'success', reason: null };
  assert.ok(renderPainted(eventOf(success)).includes(painted('green', 'success')));
  for (const type of ['audit.checkpoint', 'audit.read']) {
    const line = renderPainted(eventOf({ ...success, type }));
    assert.equal(line, painted('dim', stripVTControlCharacters(line)));
  }
});

test('nothing that an event holds commands the terminal, ends the line or passes for a column', () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\nx\u202e\u2028\u0000\ud800 success';
  const personal = { salt: '00', ip: hostile, user_agent: hostile, username: hostile };
  const line = render(eventOf({ type: `x${hostile}`, reason: hostile, personal }));
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  const worded = render(eventOf({ reason: 'he "asked" for it', personal: null }));
  assert.ok(worded.endsWith(`failure  "he \\"asked\\" for it"  ${subject}`), worded);
});

test('JSON keeps its value without the controls that it lets through, and is the same where it has none', () => {
  const value = { user_agent: 'a\u007fb\u009b31m\u001b[2Jé' };
  const text = JSON.stringify(value);
  assert.doesNotMatch(escapeControls(text), /\p{Cc}/u);
  assert.deepEqual(JSON.parse(escapeControls(text)), value);
  assert.equal(escapeControls('{"a":"é\u00a0"}'), '{"a":"é\u00a0"}');
});
