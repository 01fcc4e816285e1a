import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { queueLimits } from '../../services/users/hashing/password-hasher.ts';
import { percentile } from '../report/percentile.ts';
import { simulateLogins } from '../simulate/simulate-logins.ts';
import { sizesOfExamples } from './render-sizes.ts';
import { bytes, cpuMs, sizeInstallation } from './size-installation.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const [, sizing = ''] = page.split('\n## Sizing\n');
const [text = ''] = sizing.split('\n## ');

test('the tables of docs/operations.md say what the arithmetic says', () => {
  const rows = [...text.matchAll(/^\| (10\^.*) \|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  );
  assert.deepEqual(rows, sizesOfExamples());
  for (const [name, size] of Object.entries(bytes)) {
    assert.ok(text.includes(`\`${name}\` ${size}`), `${name} ${size}`);
  }
});

test('cores follow the rate, and double with each step of the cost', () => {
  const at = (accounts: number, cost: number) => sizeInstallation({ accounts, cost }).cores.users;
  assert.ok(Math.abs(at(1e7, 10) / at(1e6, 10) - 10) < 0.2);
  assert.ok(Math.abs(at(1e7, 12) / at(1e7, 10) - 4) < 0.1);
});

/** So many times the logins that these cores of users are for, in hashes' times. */
function serve(times: number, { cores, together }: { cores: number; together: readonly number[] }) {
  const perSecond = (times * cores * 1_000) / (cpuMs.hash + cpuMs.users);
  const waits = { stepOneCpuMs: 0, stepTwoCpuMs: 0, stepOneWaitMs: 0, stepTwoWaitMs: 0, clientCpuMs: 0 };
  const { stepOneMs, meanBusy, meanTogether, refused, arrived } = simulateLogins({
    costs: { hashMs: cpuMs.hash, together, ...waits },
    cores,
    workers: cores,
    limits: queueLimits,
    arrivals: { perSecond },
    warmUpMs: 5_000,
    measuredMs: 300_000,
    seed: 5,
  });
  const waited = (share: number) => percentile(stepOneMs, share) / cpuMs.hash - 1;
  return { busy: meanBusy / cores, meanTogether, refused: refused / arrived, waited };
}

/** Measured, rounded up: less would be gained. */
const together = [1, 1.2, 1.3, 1.5];

for (const cores of [2, 4, 8]) {
  test(`people wait as docs/operations.md says where users has the ${cores} cores of the arithmetic`, () => {
    const peak = serve(1, { cores, together });
    assert.ok(peak.busy > 0.75 && peak.busy < 0.85, `busy ${peak.busy}`);
    assert.ok(peak.meanTogether > 1.2 && peak.meanTogether < 1.4, `${peak.meanTogether} at once`);
    assert.ok(peak.waited(0.5) < 0.33 && peak.waited(0.95) < 1.1, `${peak.waited(0.5)} and ${peak.waited(0.95)}`);
    assert.equal(serve(2, { cores, together }).refused, 0);
  });
}

test('cores of the arithmetic serve nearly all of the peak where they make one hash at a time', () => {
  const { refused } = serve(1, { cores: 4, together: [1] });
  assert.ok(refused < 0.03, `${refused} refused`);
});
