import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Execute, HashResult } from '../../services/users/hashing/hash-job.ts';
import { createHashQueue } from '../../services/users/hashing/hash-queue.ts';
import { Turns } from './turns.ts';

const limits = { maxWaiting: 1_000, maxWaitingOfOne: 1_000, maxExpectedMs: 1e9, deadlineMs: 60_000 };

/** Somebody comes from an address, or a worker is done: the one that has been at it for longest. */
type Step = { from: number } | 'done';
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ from: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.constant<Step>('done') },
  ),
  { maxLength: 60 },
);
const places = { workers: fc.integer({ min: 1, max: 3 }), lanes: fc.integer({ min: 1, max: 4 }) };

/** What each worker began, in order; each hash by the number of the step that brought it. */
async function realStarts(history: readonly Step[], { workers, lanes }: { workers: number; lanes: number }) {
  const started: string[][] = [];
  const running: (() => void)[] = [];
  const execute: Execute = (jobs) => {
    const { promise, resolve } = Promise.withResolvers<readonly HashResult[]>();
    started.push(jobs.map(({ input }) => input));
    running.push(() => resolve(jobs.map(() => true)));
    return promise;
  };
  const metrics = { waited() {}, took() {}, count() {} };
  const queue = createHashQueue({
    executors: Array.from({ length: workers }, () => execute),
    limits,
    metrics,
    lanes: () => lanes,
  });
  const answers: Promise<unknown>[] = [];
  for (const [at, step] of history.entries()) {
    if (step === 'done') running.shift()?.();
    else answers.push(queue.run({ input: String(at), cost: 4, hash: 'x' }, { from: String(step.from) }));
    await nextTurn();
  }
  const begun = structuredClone(started);
  for (let next = running.shift(); next !== undefined; next = running.shift()) {
    next();
    await nextTurn();
  }
  await Promise.all(answers);
  return begun;
}

function simulatedStarts(history: readonly Step[], options: { workers: number; lanes: number }) {
  const started: string[][] = [];
  const running: (readonly { from: number; name: string }[])[] = [];
  const turns = new Turns<{ from: number; name: string }>({ ...options, limits }, (together) => {
    started.push(together.map(({ name }) => name));
    running.push(together);
  });
  for (const [at, step] of history.entries()) {
    if (step !== 'done') turns.enter({ ...step, name: String(at) });
    else if (running[0] !== undefined) turns.leave(running.shift() ?? []);
  }
  return started;
}

test('begins what the queue of users begins, together and in its order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.record(places), async (history, options) => {
      assert.deepEqual(simulatedStarts(history, options), await realStarts(history, options));
    }),
    { numRuns: 200 },
  );
});

test('takes one of each address before a second of any, as many at once as there are lanes', () => {
  const history: Step[] = [...[0, 1, 1, 1, 2, 3].map((from) => ({ from })), 'done', 'done'];
  const [, ...later] = simulatedStarts(history, { workers: 1, lanes: 4 });
  assert.deepEqual(later, [['1', '4', '5', '2'], ['3']]);
});
