import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { type Lanes, openHashWorker } from './open-hash-worker.ts';

test('a worker that dies fails its job and is replaced', async () => {
  const worker = openHashWorker(undefined, assert.fail);
  try {
    await assert.rejects(worker.execute([{ input: 42 as never, cost: 4 }]), /a hash worker ended/);
    assert.match(String(await worker.execute([{ input: 'x', cost: 4 }])), /^\$2b\$04\$/);
  } finally {
    await worker.close();
  }
});

test('hashing leaves the event loop free', async () => {
  const worker = openHashWorker(undefined, assert.fail);
  try {
    await worker.execute([{ input: 'x', cost: 4 }]);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await worker.execute([{ input: 'x', cost: 13 }]);
    delay.disable();
    assert.ok(delay.percentile(50) < 50e6, `${delay.percentile(50) / 1e6} ms`);
  } finally {
    await worker.close();
  }
});

test('where a thread does not start with lanes, the next one does without them, and that is told', async () => {
  const told: string[] = [];
  const broken = { pi: new Uint32Array(0), modules: new Map([[2, {}]]) };
  const worker = openHashWorker(broken as unknown as Lanes, (trouble) => void told.push(trouble));
  try {
    await assert.rejects(worker.execute([{ input: 'x', cost: 4 }]), /a hash worker ended/);
    const hash = String((await worker.execute([{ input: 'x', cost: 4 }]))[0]);
    const jobs = ['x', 'y'].map((input) => ({ input, cost: 4, hash }));
    assert.deepEqual(await worker.execute(jobs), [true, false]);
    assert.equal(told.length, 1);
  } finally {
    await worker.close();
  }
});
