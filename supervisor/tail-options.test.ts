import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTailOptions } from './tail-options.ts';

test('by default it is everything from now on, in colour, at the gateway on this host or where PUBLIC_URL says', () => {
  const options = { outcome: 'options', types: undefined, subject: undefined, after: undefined, json: false };
  const here = 'http://127.0.0.1:8080';
  assert.deepEqual(readTailOptions([], {}), { ...options, url: here, colour: true });
  assert.deepEqual(readTailOptions(['--no-color'], { PUBLIC_URL: '' }), { ...options, url: here, colour: false });
  const [named, said] = ['https://login.example.com', 'https://other.example.com'];
  assert.deepEqual(readTailOptions([], { PUBLIC_URL: named }), { ...options, url: named, colour: true });
  assert.deepEqual(readTailOptions(['--url', said], { PUBLIC_URL: named }), { ...options, url: said, colour: true });
});

test('types add up', () => {
  const asked = readTailOptions(['--type', 'otp.failed', '--type', 'user.*locked', '--after', '0'], {});
  assert.ok(asked.outcome === 'options');
  assert.deepEqual(asked.types, ['sallyport.otp.failed', 'sallyport.user.locked', 'sallyport.user.unlocked']);
  assert.equal(asked.after, 0);
});

test("what can't be meant is told in a sentence, that never shows a password", () => {
  for (const wrong of [
    ['--type', ''],
    ['--type', 'otp.fialed'],
    ['--type'],
    ['--subject', 'ada'],
    ['--after', '-1'],
    ['--after=1.5'],
    ['--after', ''],
    ['--url', 'login.example.com'],
    ['--url', 'ftp://login.example.com'],
    ['--url', 'https://ada:hunter2@login.example.com'],
    ['--follow'],
    ['otp.failed'],
  ]) {
    const asked = readTailOptions(wrong, {});
    assert.ok(asked.outcome === 'not-understood', wrong.join(' '));
    assert.match(asked.says, /^[A-Z-].*[.?]$/);
    assert.doesNotMatch(asked.says, /hunter2/);
  }
});
