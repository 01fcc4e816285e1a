import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import pg from 'pg';
import { findServers } from './find-servers.ts';
import { startPostgres } from './postgres.ts';
import { waitForEnd } from './processes.ts';
import { startRedis } from './redis.ts';

const { postgres, redis } = findServers();

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The first answer to a PING within 200 ms, or nothing. */
function ping(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.setTimeout(200);
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => resolve(''));
    socket.on('data', (data) => resolve(String(data).trim()));
    socket.on('data', () => socket.destroy());
    socket.write('PING\r\n');
  });
}

test('a Postgres keeps its data and address through stop, kill and start', {
  skip: postgres.missing ?? false,
}, async () => {
  await using server = await startPostgres();
  await query(server.url, 'create table kept (name text)');
  await query(server.url, "insert into kept values ('anna')");
  await server.stop();
  assert.deepEqual(server.pids(), []);
  await assert.rejects(query(server.url, 'select 1'), { code: 'ECONNREFUSED' });
  await server.start();
  await server.kill();
  assert.deepEqual(server.pids(), []);
  await server.start();
  assert.deepEqual(await query(server.url, 'select name from kept'), [{ name: 'anna' }]);
});

test('close leaves no process and no folder, in every state', { skip: redis.missing ?? false }, async () => {
  const states = ['running', 'stop', 'kill', 'suspend'] as const;
  for (const state of states) {
    const server = await startRedis();
    const pids = server.pids();
    assert.ok(pids.length > 0);
    if (state !== 'running') await server[state]();
    await server.close();
    assert.ok(await waitForEnd(pids, 0), state);
    assert.ok(!existsSync(server.folder), state);
  }
});

test('a suspended server is silent and answers again', { skip: redis.missing ?? false }, async () => {
  await using server = await startRedis();
  assert.equal(await ping(server.url), '+PONG');
  server.suspend();
  assert.equal(await ping(server.url), '');
  server.resume();
  assert.equal(await ping(server.url), '+PONG');
});

test('a durable Redis with a password comes back after a kill', { skip: redis.missing ?? false }, async () => {
  await using server = await startRedis({ durable: true, password: 'let-me-in' });
  assert.match(await ping(server.url), /^-NOAUTH/);
  await server.kill();
  await server.start();
  assert.match(await ping(server.url), /^-NOAUTH/);
});
