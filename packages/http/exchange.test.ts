import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { exchange } from './exchange.ts';

const request = { method: 'POST', path: '/', headers: {}, body: '{}' } as const;

async function withServer(answer: RequestListener, check: (pool: Pool) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const pool = new Pool(`http://127.0.0.1:${address.port}`, { connections: 1, pipelining: 1 });
  try {
    await check(pool);
  } finally {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  }
}

test('takes an answer whole, whatever pieces it comes in', () =>
  withServer(
    (_req, res) => {
      res.writeHead(503, { 'retry-after': '7' }).write(Buffer.from('€').subarray(0, 1));
      setImmediate(() => res.end(Buffer.from('€').subarray(1)));
    },
    async (pool) => {
      const { status, headers, bytes } = await exchange(pool, request, 5_000);
      assert.deepEqual([status, headers['retry-after'], bytes.toString()], [503, '7', '€']);
    },
  ));

test('gives an answer up that never comes, or never ends, and the connection with it', async () => {
  const answers: RequestListener[] = [() => {}, (_req, res) => void res.writeHead(200).write('{')];
  for (const answer of answers) {
    let calls = 0;
    await withServer(
      (req, res) => {
        calls += 1;
        if (calls === 1) answer(req, res);
        else res.end('{}');
      },
      async (pool) => {
        await assert.rejects(exchange(pool, request, 50), /no answer within 50 ms/);
        assert.equal(String((await exchange(pool, request, 5_000)).bytes), '{}');
      },
    );
  }
});

test('takes an answer that arrived while the process was busy for longer than the deadline', async () => {
  const server = `
    const server = require('node:http').createServer((_req, res) => setTimeout(() => res.end('{}'), 200));
    server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`;
  const worker = new Worker(server, { eval: true });
  const [port] = await once(worker, 'message');
  const pool = new Pool(`http://127.0.0.1:${port}`);
  try {
    const answer = exchange(pool, request, 400);
    // Once it is sent, and behind what was received: of the next turn the timers come first.
    await sleep(100);
    await afterReading();
    const end = performance.now() + 500;
    while (performance.now() < end);
    assert.equal(String((await answer).bytes), '{}');
  } finally {
    await pool.destroy();
    await worker.terminate();
  }
});

test('never sends what nobody waits for any more', async () => {
  const bodies: string[] = [];
  await withServer(
    async (req, res) => {
      for await (const chunk of req) bodies.push(String(chunk));
      setTimeout(() => res.end('{}'), 200);
    },
    async (pool) => {
      const first = exchange(pool, { ...request, body: 'first' }, 5_000);
      await assert.rejects(exchange(pool, { ...request, body: 'late' }, 50), /no answer/);
      await first;
      await exchange(pool, { ...request, body: 'next' }, 5_000);
      assert.deepEqual(bodies, ['first', 'next']);
    },
  );
});

test('says so when there is nobody', async () => {
  const pool = new Pool('http://127.0.0.1:9');
  await assert.rejects(exchange(pool, request, 5_000), /ECONNREFUSED/);
  await pool.destroy();
  await assert.rejects(exchange(pool, request, 5_000), { name: 'ClientDestroyedError' });
});
