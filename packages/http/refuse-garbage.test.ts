import assert from 'node:assert/strict';
import { createServer, type ServerOptions } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { refuseGarbage } from './refuse-garbage.ts';

/** What a server with these limits answers to bytes, read until it closes. */
async function answerTo(bytes: string, limits: ServerOptions = {}): Promise<string> {
  const server = createServer(limits, (_req, res) => void res.end('taken')).on('clientError', refuseGarbage);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const socket = connect(address.port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => {});
  socket.write(bytes);
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  server.close();
  return text;
}

function assertProblem(answer: string, status: number, code: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Map(fields.map((field) => field.toLowerCase().split(': ') as [string, string]));
  assert.match(line, new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.equal(headers.get('content-length'), String(Buffer.byteLength(body)));
  assert.equal(headers.get('connection'), 'close');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  for (const banner of ['server', 'x-powered-by']) assert.ok(!headers.has(banner));
  const problem = JSON.parse(body);
  assert.deepEqual([problem.status, problem.code, problem.type], [status, code, `urn:sallyport:problem:${code}`]);
  assert.ok(problem.title && problem.detail);
  assert.equal(problem.request_id, headers.get('x-request-id'));
}

test('what is no HTTP gets a problem that repeats nothing of it (RFC 9457)', async () => {
  const garbage = ['<script>\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'];
  for (const bytes of garbage) {
    const answer = await answerTo(bytes);
    assertProblem(answer, 400, 'malformed-request');
    assert.doesNotMatch(answer, /script/);
  }
});

test('headers that are too large get a problem', async () => {
  const answer = await answerTo(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, {
    maxHeaderSize: 1_024,
  });
  assertProblem(answer, 431, 'headers-too-large');
});

test('a request that comes too slowly gets a problem', async () => {
  const limits = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 25 };
  assertProblem(await answerTo('GET / HTTP/1.1\r\n', limits), 408, 'request-timeout');
});
