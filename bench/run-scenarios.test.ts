import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from './arguments.ts';
import { runScenarios } from './run-scenarios.ts';
import { type Bench, NotMeasured, type Scenario } from './scenario.ts';

const line = { what: 'a thing', unit: 'ms', limit: 5, sense: 'at most', of: 'figure' } as const;

function scenario(name: string, run: () => Promise<number>): Scenario<number> {
  return {
    name,
    help: name,
    bar: [{ ...line, key: name }],
    run,
    render: (figure) => ({ details: [`${name} took ${figure}`], figures: [{ key: name, figure }] }),
  };
}

const all = [
  scenario('quick', async () => 3),
  scenario('absent', async () => {
    throw new NotMeasured('nginx is not installed');
  }),
  scenario('broken', async () => {
    throw new Error('no such port');
  }),
  scenario('slow', async () => 7),
];

async function run(...asked: string[]) {
  const bench = { signal: new AbortController().signal } as Bench;
  return await runScenarios(all, bench, { ...readArgumentsOf(asked), scenarios: asked }, () => undefined);
}

function readArgumentsOf(asked: string[]) {
  const options = readArguments(asked, all);
  assert.ok(options !== 'help');
  return options;
}

test('goes on after a scenario that fails, and says so', async () => {
  const { bar, details, failures } = await run('quick', 'absent', 'broken', 'slow');
  assert.deepEqual(
    bar.map(({ key, holds, missing }) => [key, holds, missing]),
    [
      ['quick', true, undefined],
      ['absent', undefined, 'nginx is not installed'],
      ['broken', undefined, 'it failed'],
      ['slow', false, undefined],
    ],
  );
  assert.deepEqual(failures, ['broken: no such port']);
  assert.ok(details.includes('absent: not measured, nginx is not installed'));
});

test('shows lines of the bar that nobody asked for as not measured', async () => {
  const { bar, found } = await run('slow');
  assert.deepEqual(
    bar.map(({ missing }) => missing),
    ['not asked for', 'not asked for', 'not asked for', undefined],
  );
  assert.deepEqual(found, { slow: 7 });
});
