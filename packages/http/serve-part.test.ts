// Promise 10 at the sockets: what has reached this machine before a stop is answered, though nobody here has read it yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createLogger } from '@sallyport/logger';
import express from 'express';
import { Registry } from 'prom-client';
import { type RunningPart, servePart } from './index.ts';

const count = 8;

function serve(stopDelayMs?: number): Promise<RunningPart> {
  return servePart({
    ...(stopDelayMs === undefined ? {} : { stopDelayMs }),
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    app: express().get('/', (_req, res) => void res.send('here')),
    registry: new Registry(),
    logger: createLogger('test', 'silent'),
    dependencies: {},
    close: async () => {},
  });
}

/** In a thread of its own, so that it goes on while this one is busy: asks on connections, and again when `again` is 1. */
const client = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, count, shared } } = require('node:worker_threads');
  const [again, asked] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  const told = Atomics.waitAsync(again, 0, 0).value;
  const ended = Array.from({ length: count }, () => new Promise((end) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const ask = () => socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', () => {
      Atomics.add(asked, 0, 1);
      Atomics.notify(asked, 0);
    });
    socket.on('connect', ask).on('data', (data) => (text += data));
    socket.on('error', ({ code }) => (text += code)).on('close', () => end(text));
    told.then(ask);
  }));
  Promise.all(ended).then((texts) => { parentPort.postMessage(texts); process.exit(); });`;

function startClient(part: RunningPart) {
  const shared = new SharedArrayBuffer(8);
  const [again, asked] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  const workerData = { port: Number(new URL(part.url).port), count, shared };
  const worker = new Worker(client, { eval: true, workerData });
  return {
    answers: new Promise<string[]>((resolve) => worker.once('message', resolve)),
    hasAsked: (times: number) => Atomics.load(asked, 0) === times * count,
    /** Nothing else happens in this thread meanwhile. */
    waitUntilAsked(times: number) {
      for (let now = 0; now < times * count; now = Atomics.load(asked, 0)) Atomics.wait(asked, 0, now, 1_000);
    },
    askAgain() {
      Atomics.store(again, 0, 1);
      Atomics.notify(again, 0);
    },
  };
}

const countAnswers = (text: string) => text.match(/HTTP\/1\.1 200 OK[\s\S]*?here/g)?.length ?? 0;

test('a stop answers requests on connections that were not accepted yet', async () => {
  const part = await serve();
  const { answers, waitUntilAsked } = startClient(part);
  waitUntilAsked(1);
  await part.close();
  for (const text of await answers) assert.equal(countAnswers(text), 1, text);
});

test('a stop answers requests on kept connections that came while the process was busy', async () => {
  const part = await serve();
  const { answers, hasAsked, waitUntilAsked, askAgain } = startClient(part);
  while (!hasAsked(1)) await sleep(10);
  await sleep(100);
  const closing = part.close();
  await sleep(50);
  // Behind what was received: of the next turn the timers come first.
  await afterReading();
  askAgain();
  waitUntilAsked(2);
  // Past the half second after which idle connections are closed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  await closing;
  for (const text of await answers) assert.equal(countAnswers(text), 2, text);
});

test('a part that is told to stop takes what comes until its delay is over, not ready, and says that each answer is the last', async () => {
  const part = await serve(400);
  const started = performance.now();
  const closed = part.close();
  const answer = await fetch(part.url);
  assert.deepEqual([await answer.text(), answer.headers.get('connection')], ['here', 'close']);
  assert.equal((await fetch(`${part.opsUrl}/readyz`)).status, 503);
  await closed;
  assert.ok(performance.now() - started >= 400);
  await assert.rejects(fetch(part.url));
});
