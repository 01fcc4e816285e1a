import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypeNames } from '@sallyport/audit/log';
import { chooseEventTypes } from './choose-event-types.ts';

function typesOf(patterns: string) {
  const chosen = chooseEventTypes(patterns);
  assert.ok(chosen.outcome === 'chosen', patterns);
  return chosen.types.map((type) => type.replace('sallyport.', ''));
}

test('names are taken with the prefix and without, each once', () => {
  const list = 'otp.failed, sallyport.login.failed,otp.failed';
  assert.deepEqual(typesOf(list), ['otp.failed', 'login.failed']);
});

test('a star stands for anything, wherever it is', () => {
  const login = ['login.succeeded', 'login.failed', 'login.challenged', 'login.blocked'];
  assert.deepEqual(typesOf('login.*'), login);
  assert.deepEqual(typesOf('sallyport.login.*'), login);
  assert.deepEqual(typesOf('*.failed'), ['otp.failed', 'login.failed']);
  assert.deepEqual(typesOf('*_code.u*d'), ['recovery_code.used']);
  assert.equal(typesOf('*').length, eventTypeNames.length);
});

test('what no type fits is told with the nearest one, and a dot is no more than a dot', () => {
  for (const [pattern, nearest] of [
    ['otp.fialed', 'otp.failed'],
    ['sallyport.login.suceeded', 'login.succeeded'],
    ['logins.*', 'login.failed'],
    ['Audit.Read', 'audit.read'],
    ['otp-failed', 'otp.failed'],
    ['recovery_codes.used', 'recovery_code.used'],
  ] as const) {
    assert.deepEqual(chooseEventTypes(`user.locked,${pattern}`), { outcome: 'unknown', pattern, nearest });
  }
  assert.equal(chooseEventTypes('').outcome, 'unknown');
  assert.equal(chooseEventTypes('otp.failed,').outcome, 'unknown');
});
