import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@sallyport/logger';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { newApp } from '../../packages/http/new-app.ts';
import { allowOrigins } from './allow-origins.ts';

const ours = 'https://app.example.com';

function appFor(origins: string[]) {
  const logger = createLogger('test', 'silent');
  return newApp({
    logger,
    registry: new Registry(),
    before: allowOrigins(origins),
    mount: (app) => app.post('/login', (_req, res) => void res.json({})),
  });
}

const preflight = (origins: string[], origin: string) =>
  supertest(appFor(origins)).options('/login').set({ origin, 'access-control-request-method': 'POST' });

test('lets pages of a listed origin call, and send what calls need', async () => {
  const { status, headers } = await preflight(['https://other.example.com', ours], ours);
  assert.equal(status, 204);
  assert.equal(headers['access-control-allow-origin'], ours);
  assert.match(String(headers['access-control-allow-headers']), /Authorization,Content-Type/);
  assert.equal(headers['access-control-allow-credentials'], undefined);
  const answer = await supertest(appFor([ours]))
    .post('/login')
    .set({ origin: ours });
  assert.equal(answer.headers['access-control-allow-origin'], ours);
  assert.match(String(answer.headers['access-control-expose-headers']), /Retry-After/);
});

test('lets no other origin call, and none where none is listed', async () => {
  for (const origin of ['https://app.example.com.evil.example', 'http://app.example.com', 'null']) {
    assert.equal((await preflight([ours], origin)).headers['access-control-allow-origin'], undefined, origin);
  }
  assert.equal((await preflight([], ours)).status, 404);
});
