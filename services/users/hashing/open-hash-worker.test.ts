import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { openHashWorker } from './open-hash-worker.ts';

test('a worker that dies fails its job and is replaced', async () => {
  const worker = openHashWorker();
  try {
    await assert.rejects(worker.execute({ input: 42 as never, cost: 4 }), /a hash worker ended/);
    assert.match(String(await worker.execute({ input: 'x', cost: 4 })), /^\$2b\$04\$/);
  } finally {
    await worker.close();
  }
});

test('hashing leaves the event loop free', async () => {
  const worker = openHashWorker();
  try {
    await worker.execute({ input: 'x', cost: 4 });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await worker.execute({ input: 'x', cost: 13 });
    delay.disable();
    assert.ok(delay.percentile(50) < 50e6, `${delay.percentile(50) / 1e6} ms`);
  } finally {
    await worker.close();
  }
});
