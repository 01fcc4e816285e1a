import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCpuTimes, machineBusyMs, processCpuMs, readStat, treeCpuMs } from './process-cpu.ts';

test('finds fields behind a command with blanks and parentheses', () => {
  const field = readStat('42 (postgres: a) b (c) S 1 2 3 4 5 6 7 8 9 10 140 15 16 17 18 -19 20');
  assert.equal(field(4), 1);
  assert.equal(field(14), 140);
  assert.equal(field(19), -19);
});

test('counts what a process spends', { skip: !hasCpuTimes && 'no /proc here' }, () => {
  const before = { own: processCpuMs(process.pid), tree: treeCpuMs(process.pid), machine: machineBusyMs() };
  const end = process.cpuUsage().user + 200_000;
  while (process.cpuUsage().user < end);
  assert.ok(processCpuMs(process.pid) - before.own >= 150);
  assert.ok(treeCpuMs(process.pid) - before.tree >= 150);
  assert.ok(machineBusyMs() - before.machine >= 100);
});

test('counts a process that is gone as nothing', () => {
  assert.equal(processCpuMs(2 ** 30), 0);
});
