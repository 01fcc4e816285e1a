// That the list of guards doesn't rot: `npm run test:guards` takes each of them out and wants its test to fail.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findFault } from './guards/find-fault.ts';
import { guards } from './guards/index.ts';

const root = join(import.meta.dirname, '..');

test('every patch that takes a guard out still applies in one place, and its test is there', () => {
  const faults = guards.flatMap((guard) => {
    const fault = findFault(root, guard);
    return fault === undefined ? [] : [`${guard.name}: ${fault}`];
  });
  assert.deepEqual(faults, []);
});

test('no two guards have one name', () => {
  assert.equal(new Set(guards.map(({ name }) => name)).size, guards.length);
});
