import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { test } from 'node:test';
import { z } from 'zod';
import { secondLoopbackMissing } from '../../test/support/ipv6.ts';
import { until } from '../../test/support/until.ts';
import type { Resolve } from './endpoints.ts';
import { graceMs } from './kept-connections.ts';
import { createServiceClient } from './service-client.ts';

const context = { request_id: 'test', ip: null, user_agent: null, session_id: null };
const addresses = { v4: { address: '127.0.0.1', family: 4 }, v6: { address: '::1', family: 6 } };

const both = { skip: secondLoopbackMissing };

/** Two instances of one service: one port, two addresses, as behind one name. */
async function openPair(answer: RequestListener = (_req, res) => void res.end('{}')) {
  const counts = { v4: 0, v6: 0 };
  const listen = async (name: 'v4' | 'v6', port: number) => {
    const server = createServer((req, res) => {
      counts[name] += 1;
      answer(req, res);
    });
    server.listen(port, addresses[name].address);
    await once(server, 'listening');
    return server;
  };
  const v4 = await listen('v4', 0);
  const { port } = v4.address() as AddressInfo;
  const v6 = await listen('v6', port);
  const close = (server: typeof v4) => {
    server.close();
    server.closeAllConnections();
  };
  return { counts, port, v4, v6, close, [Symbol.asyncDispose]: async () => [v4, v6].forEach(close) };
}

function openClient(urls: string[], resolve?: Resolve) {
  const client = createServiceClient({
    service: 'otp',
    urls,
    secrets: ['s'.repeat(32)],
    now: Date.now,
    ...(resolve ? { resolve } : {}),
  });
  const call = () => client.call('POST', '/', { answer: z.object({}), context, body: {} });
  return { call, [Symbol.asyncDispose]: () => client.close() };
}

test('spreads calls evenly over all addresses of a name', both, async () => {
  await using pair = await openPair();
  await using client = openClient([`http://otp.test:${pair.port}`], async () => [addresses.v4, addresses.v6]);
  await Promise.all(Array.from({ length: 40 }, client.call));
  assert.deepEqual(pair.counts, { v4: 20, v6: 20 });
});

test('calls the instance at which the fewest calls run', both, async () => {
  let held: (() => void) | undefined;
  await using pair = await openPair((_req, res) => {
    if (held) res.end('{}');
    else held = () => res.end('{}');
  });
  await using client = openClient([`http://127.0.0.1:${pair.port}`, `http://[::1]:${pair.port}`]);
  const slow = client.call();
  await until('it is there', () => held);
  const before = { ...pair.counts };
  for (let more = 0; more < 10; more += 1) await client.call();
  const busy = before.v4 === 1 ? 'v4' : 'v6';
  assert.equal(pair.counts[busy], 1);
  held?.();
  await slow;
});

test('shares with an instance that was added within seconds, and leaves one that went', {
  timeout: 60_000,
}, async () => {
  await using pair = await openPair();
  let found = [addresses.v4];
  await using client = openClient([`http://otp.test:${pair.port}`], async () => found);
  const callTwice = async () => {
    const { v4, v6 } = pair.counts;
    for (let call = 0; call < 2; call += 1) await client.call();
    return { v4: pair.counts.v4 - v4, v6: pair.counts.v6 - v6 };
  };
  await client.call();
  found = [addresses.v4, addresses.v6];
  await until('the new one has calls', async () => (await callTwice()).v6 > 0);
  found = [addresses.v6];
  await until('only the new one has', async () => (await callTwice()).v4 === 0);
  const { v4 } = pair.counts;
  for (let more = 0; more < 10; more += 1) await client.call();
  assert.equal(pair.counts.v4, v4);
});

test('keeps what it knows while the name cannot be looked up', { ...both, timeout: 60_000 }, async () => {
  await using pair = await openPair();
  let lookUps = 0;
  await using client = openClient([`http://otp.test:${pair.port}`], async () => {
    lookUps += 1;
    if (lookUps === 1) return [addresses.v4];
    throw Object.assign(new Error('no server answers'), { code: 'EAI_AGAIN' });
  });
  await client.call();
  await until('it was asked again', () => lookUps > 1);
  await client.call();
  await using lost = openClient(['http://otp.test:1'], async () => []);
  await assert.rejects(lost.call(), { name: 'Unavailable', dependency: 'otp' });
});

test('leaves the addresses of a name that nobody knows any more', { ...both, timeout: 60_000 }, async () => {
  await using pair = await openPair();
  let lookUps = 0;
  await using client = openClient([`http://otp.test:${pair.port}`], async () => {
    lookUps += 1;
    if (lookUps === 1) return [addresses.v4];
    throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  });
  await client.call();
  await until('nothing is left', () =>
    client.call().then(
      () => false,
      () => true,
    ),
  );
  assert.ok(lookUps > 1);
});

test('a look-up that hangs holds up neither a call beyond its deadline nor the end', { timeout: 60_000 }, async () => {
  const client = openClient(['http://otp.test:1'], () => new Promise(() => {}));
  await assert.rejects(client.call(), { name: 'Unavailable', dependency: 'otp' });
  await client[Symbol.asyncDispose]();
});

test('takes a call whose connection is refused to the next instance, and then lets the first be', both, async () => {
  await using pair = await openPair();
  await using client = openClient([`http://127.0.0.1:${pair.port}`, `http://[::1]:${pair.port}`]);
  pair.close(pair.v4);
  for (let more = 0; more < 10; more += 1) await client.call();
  assert.deepEqual(pair.counts, { v4: 0, v6: 10 });
  pair.close(pair.v6);
  await assert.rejects(client.call(), { name: 'Unavailable', dependency: 'otp' });
});

test('sends nothing twice: a connection that breaks once it was made is the end of its call', both, async () => {
  await using pair = await openPair();
  let broken = 0;
  const breaking = createNetServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        broken += 1;
        socket.resetAndDestroy();
      });
  });
  breaking.listen(0, '127.0.0.1');
  await once(breaking, 'listening');
  const { port } = breaking.address() as AddressInfo;
  await using client = openClient([`http://127.0.0.1:${port}`, `http://[::1]:${pair.port}`]);
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, client.call));
  breaking.close();
  assert.ok(broken > 0);
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, broken);
  assert.equal(pair.counts.v6, 10 - broken);
});

test('leaves an instance that says it is stopping', both, async () => {
  let stopping = '';
  await using pair = await openPair((req, res) => {
    if (req.socket.localFamily === stopping) res.setHeader('connection', 'close');
    res.end('{}');
  });
  await using client = openClient([`http://127.0.0.1:${pair.port}`, `http://[::1]:${pair.port}`]);
  await Promise.all([client.call(), client.call()]);
  stopping = 'IPv4';
  for (let more = 0; more < 10; more += 1) await client.call();
  assert.equal(pair.counts.v4, 2, 'the one that told it');
});

test('ends a kept connection before a service that stops would', both, async () => {
  let closedAfterMs: number | undefined;
  await using pair = await openPair((req, res) => {
    res.end('{}');
    const answered = performance.now();
    req.socket.once('close', () => {
      closedAfterMs = performance.now() - answered;
    });
  });
  await using client = openClient([`http://127.0.0.1:${pair.port}`]);
  await client.call();
  await until('it is closed', () => closedAfterMs);
  assert.ok((closedAfterMs ?? Infinity) < graceMs, `${closedAfterMs} ms`);
});
