import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HashResult } from './hash-job.ts';
import { createHashQueue, type QueueLimits } from './hash-queue.ts';

const from = '192.0.2.1';
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
  const { queue, held, counted } = heldQueue({
    maxWaiting: 2,
    maxWaitingOfOne: 10,
    maxExpectedMs: 2_000,
    deadlineMs: 60_000,
  });
  const running = [queue.run(job, { from }), queue.run(job, { from }), queue.run(job, { from })];
  assert.equal(queue.depth(), 2);
  const started = performance.now();
  assert.throws(() => queue.requireRoom(from), overloaded);
  await assert.rejects(queue.run(job, { from }), { ...overloaded, retryAfterSeconds: 1 });
  assert.ok(performance.now() - started < 100);
  for (let at = 0; at < 3; at++) {
    held[at]?.resolve(`hash ${at}`);
    assert.equal(await running[at], `hash ${at}`);
  }
  assert.deepEqual(counted, ['refused', 'refused', 'done', 'done', 'done']);
});

test('a job whose expected wait is too long is refused at once, and says when to come back', async () => {
  const { queue, held } = heldQueue({
    maxWaiting: 1_000,
    maxWaitingOfOne: 1_000,
    maxExpectedMs: 3_000,
    deadlineMs: 60_000,
  });
  const dear = { input: 'x', cost: 16 };
  const running = queue.run(dear, { from });
  assert.throws(() => queue.requireRoom(from), overloaded);
  await assert.rejects(queue.run(job, { from }), (error: { overloaded: boolean; retryAfterSeconds: number }) => {
    return error.overloaded && error.retryAfterSeconds >= 3;
  });
  held[0]?.resolve(true);
  await running;
  const next = queue.run(job, { from });
  held[1]?.resolve(true);
  assert.equal(await next, true);
});

test('a job that waits beyond the deadline is refused then, and never run', async () => {
  const { queue, held, counted } = heldQueue({
    maxWaiting: 10,
    maxWaitingOfOne: 10,
    maxExpectedMs: 3_000,
    deadlineMs: 30,
  });
  const running = queue.run(job, { from });
  await assert.rejects(queue.run(job, { from }), overloaded);
  assert.equal(queue.depth(), 0);
  held[0]?.resolve(true);
  assert.equal(await running, true);
  await sleep(0);
  assert.equal(held.length, 1);
  assert.deepEqual(counted, ['expired', 'done']);
});

test('an executor that fails fails its job alone', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 10, maxWaitingOfOne: 10, maxExpectedMs: 3_000, deadlineMs: 60_000 });
  const [bad, good] = [queue.run(job, { from }), queue.run(job, { from })];
  held[0]?.reject(new Error('the thread died'));
  await assert.rejects(bad, { name: 'Unavailable', overloaded: false });
  held[1]?.resolve(true);
  assert.equal(await good, true);
});

test('closing refuses what waits', async () => {
  const { queue } = heldQueue({ maxWaiting: 10, maxWaitingOfOne: 10, maxExpectedMs: 3_000, deadlineMs: 60_000 });
  void queue.run(job, { from });
  const waiting = queue.run(job, { from });
  queue.close();
  await assert.rejects(waiting, overloaded);
});

test('what goes ahead is not refused for want of time or room, and is next; it is bounded all the same', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 1, maxWaitingOfOne: 1, maxExpectedMs: 2_000, deadlineMs: 60_000 });
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  const running: Promise<unknown>[] = [queue.run(job, { from }), queue.run(job, { from }).then(note('waited'))];
  await assert.rejects(queue.run(job, { from }), overloaded);
  running.push(queue.run(job, { from, ahead: true }).then(note('ahead')));
  await assert.rejects(queue.run(job, { from, ahead: true }), overloaded);
  for (let at = 0; at < 3; at++) {
    held[at]?.resolve(true);
    await sleep(0);
  }
  await Promise.all(running);
  assert.deepEqual(order, ['ahead', 'waited']);
});

test('addresses take turns, so that one with many waiting keeps nobody else waiting', async () => {
  const { queue, held } = heldQueue({
    maxWaiting: 100,
    maxWaitingOfOne: 100,
    maxExpectedMs: 3_000,
    deadlineMs: 60_000,
  });
  const order: string[] = [];
  const run = (from: string) => queue.run(job, { from }).then(() => void order.push(from));
  const running = [...Array.from({ length: 5 }, () => run('many')), run('one'), run('other'), run('one')];
  for (let at = 0; at < running.length; at++) {
    held[at]?.resolve(true);
    await sleep(0);
  }
  await Promise.all(running);
  assert.deepEqual(order, ['many', 'many', 'one', 'other', 'many', 'one', 'many', 'many']);
});

test('one address fills no queue: it is refused alone, by its own number and its own wait', async () => {
  const limits = { maxWaiting: 100, maxWaitingOfOne: 2, maxExpectedMs: 3_000, deadlineMs: 60_000 };
  const { queue, held } = heldQueue(limits);
  const many = Array.from({ length: 3 }, () => queue.run(job, { from: 'many' }));
  assert.throws(() => queue.requireRoom('many'), overloaded);
  const one = queue.run(job, { from: 'one' });
  for (let at = 0; at < 4; at++) {
    held[at]?.resolve(true);
    await sleep(0);
  }
  await Promise.all([...many, one]);

  const dear = { input: 'x', cost: 14 };
  const slow = heldQueue({ ...limits, maxWaitingOfOne: 100 }).queue;
  const running = Array.from({ length: 4 }, () => slow.run(dear, { from: 'many' }).catch(() => {}));
  assert.throws(() => slow.requireRoom('many'), overloaded);
  slow.requireRoom('one');
  slow.close();
  await Promise.all(running.slice(1));
});

test('a job ahead that comes too late takes nobody of its address with it', async () => {
  const { queue, held } = heldQueue({ maxWaiting: 10, maxWaitingOfOne: 10, maxExpectedMs: 60_000, deadlineMs: 200 });
  const first = queue.run(job, { from });
  const late = queue.run(job, { from, ahead: true });
  await sleep(100);
  const waiting = queue.run(job, { from });
  await assert.rejects(late, overloaded);
  assert.equal(queue.depth(), 1);
  held[0]?.resolve('first');
  await first;
  held[1]?.resolve('waited');
  assert.equal(await waiting, 'waited');
});
