import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createLogger } from '@sallyport/logger';
import express from 'express';
import { Registry } from 'prom-client';
import { servePart } from './serve-part.ts';

/** What a server answers to a request on a connection of its own, or how that ended. */
function ask(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(answer.split('\r\n')[0] ?? ''));
  });
}

test('a part that stops answers on the connections that it has not taken yet', async () => {
  const app = express().get('/', (_req, res) => void res.send('here'));
  const part = await servePart({
    name: 'part',
    host: '127.0.0.1',
    port: 0,
    app,
    registry: new Registry(),
    logger: createLogger('part', 'silent'),
    dependencies: {},
    close: async () => {},
  });
  // The kernel takes them now, and this process has no turn before the close.
  const asked = Array.from({ length: 50 }, () => ask(part.url));
  await new Promise((resolve) => process.nextTick(resolve));
  await part.close();
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['HTTP/1.1 200 OK']));
  assert.equal(await ask(part.url), 'ECONNREFUSED');
});
