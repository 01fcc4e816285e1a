import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from './proxy.ts';

async function startEcho() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startProxy('127.0.0.1', (server.address() as AddressInfo).port);
  async function close(): Promise<void> {
    await proxy.close();
    server.close();
  }
  return { proxy, [Symbol.asyncDispose]: close };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = await once(socket, 'data');
  return String(answer);
}

test('passes bytes and the end of a connection on', async () => {
  await using stack = await startEcho();
  const socket = await open(stack.proxy.port);
  assert.equal(await echo(socket, 'hello'), 'hello');
  socket.end();
  await once(socket, 'close');
});

test('cut ends live connections and takes new ones', async () => {
  await using stack = await startEcho();
  const socket = await open(stack.proxy.port);
  assert.equal(await echo(socket, 'hello'), 'hello');
  const ended = once(socket, 'close');
  stack.proxy.cut();
  await assert.rejects(ended, { code: 'ECONNRESET' });
  const next = await open(stack.proxy.port);
  assert.equal(await echo(next, 'again'), 'again');
});

test('refuse turns new connections away, keeps live ones, and accept takes them again at the same port', async () => {
  await using stack = await startEcho();
  const socket = await open(stack.proxy.port);
  await echo(socket, 'hello');
  await stack.proxy.refuse();
  await assert.rejects(open(stack.proxy.port), { code: 'ECONNREFUSED' });
  assert.equal(await echo(socket, 'still'), 'still');
  await stack.proxy.accept();
  assert.equal(await echo(await open(stack.proxy.port), 'again'), 'again');
});

test('stall passes nothing, of old and new connections, until resume', async () => {
  await using stack = await startEcho();
  const old = await open(stack.proxy.port);
  await echo(old, 'hello');
  stack.proxy.stall();
  const fresh = await open(stack.proxy.port);
  const answers = Promise.all([echo(old, 'old'), echo(fresh, 'fresh')]);
  assert.equal(await Promise.race([answers, sleep(100, 'nothing')]), 'nothing');
  stack.proxy.resume();
  assert.deepEqual(await answers, ['old', 'fresh']);
});

test('slow delays both directions', async () => {
  await using stack = await startEcho();
  const socket = await open(stack.proxy.port);
  stack.proxy.slow(60);
  const started = performance.now();
  await echo(socket, 'hello');
  assert.ok(performance.now() - started >= 115, 'two delays of 60 ms');
});
