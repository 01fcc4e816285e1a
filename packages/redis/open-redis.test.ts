import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { openRedis } from './open-redis.ts';

const url = process.env.TEST_REDIS_URL;
const skip = url ? false : 'TEST_REDIS_URL is not set';

/** For longer than a command has. */
function beBusy(): void {
  const end = performance.now() + 400;
  while (performance.now() < end);
}

test('takes an answer that arrived while the process was busy for longer than the deadline', { skip }, async () => {
  const client = openRedis({ url: url ?? '' });
  try {
    await new Promise((resolve) => client.once('ready', resolve));
    const answers = Promise.all([client.ping(), client.ping()]);
    await new Promise(setImmediate);
    beBusy();
    assert.deepEqual(await answers, ['PONG', 'PONG']);
  } finally {
    client.disconnect();
  }
});

test('waits for an answer as long where the process is busy before the command leaves', { skip }, async () => {
  const client = openRedis({ url: url ?? '' });
  try {
    await new Promise((resolve) => client.once('ready', resolve));
    for (let turn = 0; turn < 5; turn += 1) {
      const answer = client.ping();
      beBusy();
      assert.equal(await answer, 'PONG');
    }
  } finally {
    client.disconnect();
  }
});

test('gives a Redis that says nothing up soon', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = openRedis({ url: `redis://127.0.0.1:${address.port}` });
  try {
    await new Promise((resolve) => client.once('connect', resolve));
    const started = performance.now();
    await assert.rejects(client.info());
    assert.ok(performance.now() - started < 3_000);
  } finally {
    client.disconnect();
    silent.close();
  }
});
