import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Execute, HashJob, HashResult } from './hash-job.ts';
import { createHashQueue, type QueueLimits } from './hash-queue.ts';

const from = '192.0.2.1';
const job = { input: 'x', cost: 4 };
const overloaded = { name: 'Unavailable', overloaded: true };

/** A queue before one executor that finishes when told: of the job, or of all that were compared at once. */
function heldQueue(limits: QueueLimits, lanes = 4) {
  const held: { jobs: readonly HashJob[]; resolve(result: HashResult): void; reject(error: Error): void }[] = [];
  const counted: string[] = [];
  const execute: Execute = (jobs) => {
    const { promise, resolve, reject } = Promise.withResolvers<HashResult[]>();
    held.push({ jobs, resolve: (result) => resolve(jobs.map((job) => (job.hash ? `${job.hash}` : result))), reject });
    return promise;
  };
  const metrics = { waited() {}, took() {}, count: (outcome: string) => void counted.push(outcome) };
  const queue = createHashQueue({ executors: [execute], metrics, limits, lanes: () => lanes });
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
  assert.throws(() => queue.requireRoom(from), overloaded);
  const refused = queue.run(job, { from }).catch((error: unknown) => error);
  const first = await Promise.race([refused, new Promise((resolve) => setImmediate(resolve, 'a turn later'))]);
  assert.ok(first instanceof Error, 'within this turn of the event loop');
  await assert.rejects(Promise.reject(first), { ...overloaded, retryAfterSeconds: 1 });
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

const roomy = { maxWaiting: 100, maxWaitingOfOne: 100, maxExpectedMs: 60_000, deadlineMs: 60_000 };

test('what waits is compared at once, by turns, at most as many as there are lanes, each with its own result', async () => {
  const { queue, held, counted } = heldQueue(roomy);
  const compare = (hash: string, from: string) => queue.run({ ...job, hash }, { from });
  const running = [compare('a1', 'a'), compare('a2', 'a'), compare('a3', 'a'), compare('a4', 'a'), compare('a5', 'a')];
  running.push(compare('b1', 'b'));
  for (let at = 0; at < 3; at++) {
    held[at]?.resolve(true);
    await sleep(0);
  }
  const taken = held.map(({ jobs }) => jobs.map(({ hash }) => hash));
  assert.deepEqual(taken, [['a1'], ['a2', 'b1', 'a3', 'a4'], ['a5']]);
  assert.deepEqual(await Promise.all(running), ['a1', 'a2', 'a3', 'a4', 'a5', 'b1']);
  assert.deepEqual(counted, Array(6).fill('done'));
});

test('new hashes, and those of another cost, are made alone; with one lane all are', async () => {
  const { queue, held } = heldQueue(roomy);
  const jobs = [
    job,
    { ...job, hash: 'a' },
    job,
    { ...job, hash: 'b' },
    { ...job, cost: 5, hash: 'c' },
    { ...job, hash: 'd' },
  ];
  const running = jobs.map((it) => queue.run(it, { from }));
  for (let at = 0; at < jobs.length; at++) {
    held[at]?.resolve('new');
    await sleep(0);
  }
  assert.deepEqual(await Promise.all(running), ['new', 'a', 'new', 'b', 'c', 'd']);
  assert.deepEqual(
    held.map((it) => it.jobs.length),
    [1, 1, 1, 1, 1, 1],
  );

  const single = heldQueue(roomy, 1);
  const pair = ['a', 'b', 'c'].map((hash) => single.queue.run({ ...job, hash }, { from }));
  for (let at = 0; at < 3; at++) {
    single.held[at]?.resolve(true);
    await sleep(0);
  }
  await Promise.all(pair);
  assert.equal(single.held.length, 3);
});

test('an executor that fails fails all that it compared at once, and no other', async () => {
  const { queue, held } = heldQueue(roomy, 2);
  const running = ['a', 'b', 'c', 'd'].map((hash) => queue.run({ ...job, hash }, { from }));
  held[0]?.resolve(true);
  await running[0];
  held[1]?.reject(new Error('the thread died'));
  await assert.rejects(running[1] ?? Promise.resolve(), { name: 'Unavailable', overloaded: false });
  await assert.rejects(running[2] ?? Promise.resolve(), { name: 'Unavailable', overloaded: false });
  held[2]?.resolve(true);
  assert.equal(await running[3], 'd');
});

test('a result that is missing is no answer', async () => {
  const metrics = { waited() {}, took() {}, count() {} };
  const queue = createHashQueue({ executors: [async () => []], metrics, limits: roomy });
  await assert.rejects(queue.run({ ...job, hash: 'a' }, { from }), { name: 'Unavailable' });
});
