import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { createLogger } from '@sallyport/logger';
import type { Express, Request, Response } from 'express';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { z } from 'zod';
import { refuse, reply } from './answer.ts';
import { jsonBody } from './json-body.ts';
import { newApp } from './new-app.ts';
import { commonProblems } from './problem.ts';
import { Refusal } from './refusal.ts';
import { mountRoutes, route } from './route.ts';

const echo = route({ method: 'post', path: '/echo', body: z.record(z.string(), z.unknown()) }, (_context, { body }) =>
  reply(200, body),
);
const app = newApp({
  logger: createLogger('test', 'silent'),
  registry: new Registry(),
  mount: (to) => mountRoutes(to, {}, [echo], () => [jsonBody]),
});
const post = () => supertest(app).post('/echo');

test('takes no body as an empty object', async () => {
  assert.deepEqual((await post()).body, {});
});

test('refuses every media type but JSON in UTF-8', async () => {
  for (const type of [
    'text/plain',
    'application/json5',
    'multipart/form-data; x=application/json',
    'application/json; charset=utf-16',
  ]) {
    const answer = await post().set('Content-Type', type).send('{}');
    assert.equal(answer.status, 415, type);
    assert.equal(answer.body.code, 'unsupported-media-type');
  }
  for (const type of ['application/json', 'Application/JSON;charset=UTF-8', 'application/json; charset="utf-8"']) {
    assert.equal((await post().set('Content-Type', type).send('{}')).status, 200, type);
  }
});

test('refuses more than 16 KiB, announced or not', async () => {
  const large = JSON.stringify({ a: 'x'.repeat(16 * 1024) });
  assert.equal((await post().set('Content-Type', 'application/json').send(large)).status, 413);
  const chunked = post().set('Content-Type', 'application/json').set('Transfer-Encoding', 'chunked');
  chunked.write(large);
  assert.equal((await chunked).status, 413);
});

test('is done with a body whose caller goes, before it is read and while it is', async () => {
  for (const sent of ['{"a":1}', '{"a"']) {
    for (const when of ['before', 'meanwhile'] as const) {
      const [arrived, gone, ended] = [1, 2, 3].map(() => Promise.withResolvers<void>());
      assert.ok(arrived && gone && ended);
      const server = createServer(async (req, res) => {
        arrived.resolve();
        if (when === 'before') await gone.promise;
        await Promise.allSettled([jsonBody(req as Request, res as Response, () => {})]);
        ended.resolve();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n${sent}`);
      server.once('connection', (it) => it.once('close', () => setImmediate(gone.resolve)));
      await arrived.promise;
      socket.destroy();
      await ended.promise;
      server.close();
    }
  }
});

test('refuses what is no JSON object', async () => {
  for (const text of ['[]', 'null', '1', '{', '{"a":1,"a":1}', '[[[[[[[[[]]]]]]]]]']) {
    const answer = await post().set('Content-Type', 'application/json').send(text);
    assert.equal(answer.status, 400, text);
    assert.equal(answer.body.code, 'malformed-json');
  }
});

test('refuses bytes that are no UTF-8, and strings that are no Unicode', async () => {
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  assert.equal(
    (
      await post()
        .set('Content-Type', 'application/json')
        .serialize((x) => x)
        .send(bytes)
    ).status,
    400,
  );
  const answer = await post().set('Content-Type', 'application/json').send('{"a":{"b":"\\ud800"}}');
  assert.equal(answer.status, 422);
  assert.deepEqual(answer.body.errors, [{ path: 'a.b', message: 'is not well-formed Unicode' }]);
});

test('answers unknown paths, methods and broken paths as problems', async () => {
  assert.equal((await supertest(app).get('/nowhere')).body.code, 'not-found');
  const wrong = await supertest(app).get('/echo');
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, 'POST');
  assert.equal((await supertest(app).get('/%E0%A4%A')).status, 404);
});

test('answers a refused request that was sent behind another one before that had its answer', async () => {
  const first = Promise.withResolvers<void>();
  const slow = route({ method: 'get', path: '/slow' }, async () => {
    await first.promise;
    return reply(200, {});
  });
  const mount = (to: Express) => {
    to.use('/refused', () => {
      first.resolve();
      throw new Refusal(refuse(commonProblems['invalid-request']));
    });
    mountRoutes(to, {}, [slow], () => []);
  };
  const server = createServer(newApp({ logger: createLogger('test', 'silent'), registry: new Registry(), mount }));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const request = (path: string, last = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${last}\r\n`;
  socket.write(request('/slow') + request('/refused', 'Connection: close\r\n'));
  const got = await socket.setEncoding('utf8').reduce<string>((all, part) => all + part, '');
  assert.deepEqual(
    [...got.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status),
    ['200', '422'],
  );
  server.close();
});

test('keeps a request id that is harmless and makes one else', async () => {
  const kept = await post().set('X-Request-Id', 'abc.DEF-1_2');
  assert.equal(kept.headers['x-request-id'], 'abc.DEF-1_2');
  const made = await post().set('X-Request-Id', 'a b');
  assert.match(made.headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/);
});
