import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments, scenarioNames } from './arguments.ts';

test('measures every scenario at cost 10 unless told otherwise', () => {
  const options = readArguments([]);
  assert.notEqual(options, 'help');
  assert.deepEqual(options, {
    scenarios: [...scenarioNames],
    cost: 10,
    seconds: 6,
    rounds: 3,
    concurrency: [8, 32],
    limits: false,
    json: false,
    profileFolder: undefined,
  });
});

test('reads scenarios and options in any order', () => {
  const options = readArguments([
    '--cost',
    '4',
    'login',
    '--concurrency=1,64',
    '--json',
    '--limits',
    'verify',
    '--profile',
    'out',
  ]);
  assert.deepEqual(options, {
    scenarios: ['login', 'verify'],
    cost: 4,
    seconds: 6,
    rounds: 3,
    concurrency: [1, 64],
    limits: true,
    json: true,
    profileFolder: 'out',
  });
});

test('refuses what it can not run', () => {
  assert.throws(() => readArguments(['logout']), /no scenario logout/);
  for (const wrong of [
    ['--cost', '3'],
    ['--cost', '16'],
    ['--seconds', '0'],
    ['--concurrency', '8,'],
    ['--rounds', '1.5'],
  ])
    assert.throws(() => readArguments(wrong), /takes whole numbers/);
  assert.throws(() => readArguments(['--fast']));
});

test('gives help whatever else is asked', () => {
  assert.equal(readArguments(['login', '--help']), 'help');
});
