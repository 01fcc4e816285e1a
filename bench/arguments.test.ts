import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUsage, readArguments } from './arguments.ts';

const known = [
  { name: 'login', help: 'two doors' },
  { name: 'verify', help: 'one request' },
  {
    name: 'seed',
    help: 'many people',
    onlyByName: true,
    options: {
      accounts: { placeholder: 'N', default: '1000', help: 'how many' },
      empty: { placeholder: '', default: 'false', help: 'nobody' },
    },
  },
];

test('runs every scenario that needs no naming unless told otherwise', () => {
  assert.deepEqual(readArguments([], known), {
    scenarios: ['login', 'verify'],
    costs: [10, 12, 4],
    seconds: 6,
    rounds: 3,
    concurrency: [1, 8, 32],
    limits: false,
    json: false,
    profileFolder: undefined,
    own: { accounts: '1000', empty: 'false' },
  });
});

test('reads scenarios and options in any order', () => {
  const args = ['--cost', '4', 'verify', '--concurrency=1,64', '--json', '--limits', 'login', '--profile', 'out'];
  assert.deepEqual(readArguments(args, known), {
    scenarios: ['login', 'verify'],
    costs: [4],
    seconds: 6,
    rounds: 3,
    concurrency: [1, 64],
    limits: true,
    json: true,
    profileFolder: 'out',
    own: { accounts: '1000', empty: 'false' },
  });
});

test('hands a scenario the options of its own', () => {
  const options = readArguments(['seed', '--accounts', '5', '--empty'], known);
  assert.ok(options !== 'help');
  assert.deepEqual([options.scenarios, options.own], [['seed'], { accounts: '5', empty: 'true' }]);
});

test('refuses what it can not run', () => {
  assert.throws(() => readArguments(['logout'], known), /no scenario logout/);
  for (const wrong of [
    ['--cost', '3'],
    ['--cost', '10,16'],
    ['--seconds', '0'],
    ['--concurrency', '8,'],
    ['--rounds', '1.5'],
  ])
    assert.throws(() => readArguments(wrong, known), /takes whole numbers/);
  assert.throws(() => readArguments(['--fast'], known));
});

test('gives help whatever else is asked, with every scenario and option', () => {
  assert.equal(readArguments(['login', '--help'], known), 'help');
  assert.match(createUsage(known), /\[seed\] +many people[\s\S]*--accounts N +how many, for seed \(1000\)/);
});
