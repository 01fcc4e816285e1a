import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile } from '../report/percentile.ts';
import { type Simulation, simulateLogins } from './simulate-logins.ts';

const free = {
  hashMs: 20,
  together: [1],
  stepOneCpuMs: 0,
  stepTwoCpuMs: 0,
  stepOneWaitMs: 0,
  stepTwoWaitMs: 0,
  clientCpuMs: 0,
};
const unlimited = {
  maxWaiting: Number.POSITIVE_INFINITY,
  maxWaitingOfOne: Number.POSITIVE_INFINITY,
  maxExpectedMs: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
};
const limits = { maxWaiting: 256, maxWaitingOfOne: 48, maxExpectedMs: 3_000, deadlineMs: 8_000 };

function run(changed: Partial<Simulation>) {
  return simulateLogins({
    costs: free,
    cores: 2,
    workers: changed.cores ?? 2,
    limits: unlimited,
    arrivals: { clients: 8 },
    warmUpMs: 20_000,
    measuredMs: 1_000_000,
    seed: 7,
    ...changed,
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How long one waits on average for one of c servers (Erlang 1917), with a being the load in servers. */
function erlangWaitMs(c: number, a: number, serviceMs: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 0; k < c; k += 1) {
    sum += term;
    term *= a / (k + 1);
  }
  const delayed = (term * c) / (c - a);
  return ((delayed / (sum + delayed)) * serviceMs) / (c - a);
}

function near(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual / expected - 1) <= share, `${actual} is not within ${share} of ${expected}`);
}

for (const [cores, load] of [
  [1, 0.5],
  [2, 0.8],
  [8, 0.9],
] as const) {
  test(`waits as Erlang's formula says, ${cores} cores at ${load}`, () => {
    const perSecond = (cores * load * 1_000) / free.hashMs;
    const { stepOneMs } = run({ cores, arrivals: { perSecond }, hashes: 'exponential' });
    near(mean(stepOneMs), free.hashMs + erlangWaitMs(cores, cores * load, free.hashMs), 0.06);
  });
}

test('waits half as long for hashes that are all alike, as Pollaczek and Khinchine say', () => {
  const { stepOneMs } = run({ cores: 1, arrivals: { perSecond: 40 }, measuredMs: 8_000_000 });
  near(mean(stepOneMs) - free.hashMs, erlangWaitMs(1, 0.8, free.hashMs) / 2, 0.06);
});

/** How long one waits on average for a server that takes up to b at once in one time (Medhi 1975, M/M(1,b)/1). */
function bulkWaitMs(b: number, load: number, serviceMs: number): number {
  let r = 0.5;
  for (let turn = 0; turn < 1_000; turn += 1) r = (r ** (b + 1) + load) / (1 + load);
  const busyAndNoneWaits = 1 / (1 / load + 1 / (1 - r));
  return ((busyAndNoneWaits * r) / (1 - r) ** 2 / load) * serviceMs;
}

for (const load of [0.5, 1, 2, 3.2]) {
  test(`waits for a core that makes four at once as the theory of bulk service says, at ${load} of one at a time`, () => {
    const costs = { ...free, together: [1, 1, 1, 1] };
    const arrivals = { perSecond: (load * 1_000) / free.hashMs };
    const { stepOneMs } = run({ costs, cores: 1, arrivals, hashes: 'exponential' });
    near(mean(stepOneMs), free.hashMs + bulkWaitMs(4, load, free.hashMs), 0.04);
  });
}

test('makes as many hashes at once as a core has lanes, where enough wait, in the time that they take together', () => {
  for (const together of [[1], [1, 1.13], [1, 1.13, 1.23, 1.42]]) {
    const lanes = together.length;
    const { perSecond, meanTogether } = run({ costs: { ...free, together }, arrivals: { clients: 32 } });
    near(perSecond, (2 * lanes * 1_000) / ((together[lanes - 1] ?? 1) * free.hashMs), 0.01);
    near(meanTogether, lanes, 0.01);
  }
});

test('makes each hash alone where nobody waits', () => {
  const costs = { ...free, together: [1, 1.13, 1.23, 1.42] };
  const { meanTogether, stepOneMs } = run({ costs, arrivals: { clients: 2 }, measuredMs: 10_000 });
  assert.equal(meanTogether, 1);
  near(mean(stepOneMs), free.hashMs, 0.001);
});

const real = {
  ...free,
  hashMs: 50,
  stepOneCpuMs: 3,
  stepTwoCpuMs: 2,
  stepOneWaitMs: 2,
  stepTwoWaitMs: 2,
  clientCpuMs: 1,
};

test('loses and invents nobody, and obeys the law of Little', () => {
  for (const arrivals of [{ perSecond: 20 }, { perSecond: 150 }, { clients: 16 }]) {
    const one = run({ costs: real, arrivals, limits, measuredMs: 200_000 });
    assert.equal(one.arrived - one.refused - one.completed, one.gained);
    if ('clients' in arrivals) continue;
    const hashedMs = mean(one.stepOneMs) - real.stepOneWaitMs - real.stepOneCpuMs - real.clientCpuMs;
    if (one.refused === 0) near(one.meanHashing, (one.perSecond * hashedMs) / 1_000, 0.1);
  }
});

test('uses all cores where enough are waiting, whatever the rest of a login takes of them', () => {
  const { perSecond, meanBusy, stepOneMs, stepTwoMs } = run({ costs: real, arrivals: { clients: 32 }, limits });
  near(perSecond, 2_000 / (50 + 3 + 2 + 1), 0.02);
  near(meanBusy, 2, 0.02);
  near(32 / perSecond, (mean(stepOneMs) + mean(stepTwoMs)) / 1_000, 0.03);
});

test('refuses what is too much and goes on at full rate', () => {
  const { perSecond, refused, arrived, stepOneMs } = run({ costs: real, arrivals: { perSecond: 140 }, limits });
  assert.ok(perSecond > 30, `${perSecond}/s`);
  near(refused / arrived, 0.76, 0.05);
  assert.ok(percentile(stepOneMs, 0.99) < limits.deadlineMs);
});

test('repeats itself by its seed alone', () => {
  const once = (seed: number) => run({ arrivals: { perSecond: 80 }, measuredMs: 20_000, seed }).stepOneMs;
  assert.deepEqual(once(1), once(1));
  assert.notDeepEqual(once(1), once(2));
});
