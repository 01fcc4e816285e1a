import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HashResult } from './hash-job.ts';
import { createHashQueue, type QueueLimits } from './hash-queue.ts';

const job = { input: 'x', cost: 4 };
const overloaded = { name: 'Unavailable', overloaded: true };

/** A queue before one executor that finishes when told. */
function heldQueue(limits: QueueLimits) {
  const held: PromiseWithResolvers<HashResult>[] = [];
  const counted: string[] = [];
  const execute = () => {
    const run = Promise.withResolvers<HashResult>();
    held.push(run);
    return run.promise;
  };
  const metrics = { waited() {}, count: (outcome: string) => void counted.push(outcome) };
  const queue = createHashQueue({ executors: [execute], metrics, limits });
  return { queue, held, counted };
}

test('one runs, so many wait, and the next is refused at once', async () => {
  const { queue, held, counted } = heldQueue({ maxWaiting: 2, maxExpectedMs: 2_000, deadlineMs: 60_000 });
  const running = [queue.run(job), queue.run(job), queue.run(job)];
  assert.equal(queue.depth(), 2);
  const started = performance.now();
  assert.throws(() => queue.requireRoom(), overloaded);
  await assert.rejects(queue.run(job), { ...overloaded, retryAfterSeconds: 1 });
  assert.ok(performance.now() - started < 100);
  for (let at = 0; at < 3; at++) {
    held[at]?.resolve(`hash ${at}`);
    assert.equal(await running[at], `hash ${at}`);
  }
  assert.deepEqual(counted, ['refused', 'refused', 'done', 'done', 'done']);
});

test('a job whose expected wait is too long is refused at once, and says when to come back', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 1_000, maxExpectedMs: 3_000, deadlineMs: 60_000 });
  const dear = { input: 'x', cost: 16 };
  const running = queue.run(dear);
  assert.throws(() => queue.requireRoom(), overloaded);
  await assert.rejects(queue.run(job), (error: { overloaded: boolean; retryAfterSeconds: number }) => {
    return error.overloaded && error.retryAfterSeconds >= 3;
  });
  held[0]?.resolve(true);
  await running;
  const next = queue.run(job);
  held[1]?.resolve(true);
  assert.equal(await next, true);
});

test('a job that waits beyond the deadline is refused then, and never run', async () => {
  const { queue, held, counted } = heldQueue({ maxWaiting: 10, maxExpectedMs: 3_000, deadlineMs: 30 });
  const running = queue.run(job);
  await assert.rejects(queue.run(job), overloaded);
  assert.equal(queue.depth(), 0);
  held[0]?.resolve(true);
  assert.equal(await running, true);
  await sleep(0);
  assert.equal(held.length, 1);
  assert.deepEqual(counted, ['expired', 'done']);
});

test('an executor that fails fails its job alone', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 10, maxExpectedMs: 3_000, deadlineMs: 60_000 });
  const [bad, good] = [queue.run(job), queue.run(job)];
  held[0]?.reject(new Error('the thread died'));
  await assert.rejects(bad, { name: 'Unavailable', overloaded: false });
  held[1]?.resolve(true);
  assert.equal(await good, true);
});

test('closing refuses what waits', async () => {
  const { queue } = heldQueue({ maxWaiting: 10, maxExpectedMs: 3_000, deadlineMs: 60_000 });
  void queue.run(job);
  const waiting = queue.run(job);
  queue.close();
  await assert.rejects(waiting, overloaded);
});

test('what goes ahead is not refused for want of time or room, and is next; it is bounded all the same', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 1, maxExpectedMs: 2_000, deadlineMs: 60_000 });
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  const running: Promise<unknown>[] = [queue.run(job), queue.run(job).then(note('waited'))];
  await assert.rejects(queue.run(job), overloaded);
  running.push(queue.run(job, { ahead: true }).then(note('ahead')));
  await assert.rejects(queue.run(job, { ahead: true }), overloaded);
  for (let at = 0; at < 3; at++) {
    held[at]?.resolve(true);
    await sleep(0);
  }
  await Promise.all(running);
  assert.deepEqual(order, ['ahead', 'waited']);
});
