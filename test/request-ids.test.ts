// One id joins what all parts say about a request, whatever goes wrong in it. Parts are processes, so that their logs
// are all they wrote.
// Runs on one back end: the real one has all that is logged about.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CallOptions } from './support/api.ts';
import { databaseMissing } from './support/database.ts';
import { expect } from './support/people.ts';
import { type Enrolled, giveCode, signUpEnrolled } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { startTraceReceiver, type TraceReceiver } from './support/trace-receiver.ts';
import { until } from './support/until.ts';

interface Line {
  service: string;
  msg: string;
  route?: string;
  request_id?: string;
  trace_id?: string;
}

const skip = databaseMissing;
let receiver: TraceReceiver;
let stack: ProcessStack;
let ada: Enrolled;

before(async () => {
  if (skip) return;
  receiver = await startTraceReceiver();
  const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  stack = await startProcessStack({ env: { LOG_LEVEL: 'debug', BCRYPT_COST: '5', ...traces } });
  ada = await signUpEnrolled(stack.api, 'ada');
});
after(async () => {
  await stack?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

const lines = (): Line[] =>
  stack.parts.flatMap((part) =>
    part
      .log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  );

/** Calls under an id of its own, and returns what was said under it once the gateway has said that it is done. */
async function linesOf(method: string, path: string, options: CallOptions, status: number): Promise<Line[]> {
  const id = randomUUID();
  const headers = { ...options.headers, 'x-request-id': id };
  expect(status, await stack.api(method, path, { ...options, headers }));
  const said = () => lines().filter((line) => line.request_id === id);
  await until(`the end of ${path}`, () => said().some((line) => line.service === 'gateway' && line.msg === 'request'));
  return said();
}

const services = (said: Line[]) => [...new Set(said.map(({ service }) => service))].sort();

test('one id joins gateway, users and otp, and one trace', { skip }, async () => {
  const { username, password } = ada;
  const body = { username, password, otp: giveCode(ada) };
  const said = await linesOf('POST', '/login', { body }, 200);
  assert.deepEqual(services(said), ['gateway', 'otp', 'users']);
  const traces = new Set(said.map((line) => line.trace_id));
  assert.equal(traces.size, 1);
  assert.match([...traces][0] ?? '', /^[0-9a-f]{32}$/);
});

test('a warning deep in a service and one about a dependency name the request', { skip }, async () => {
  const { username, password } = ada;
  // A hash of another cost is made anew, which the lock holds up until the statement's deadline.
  stack.users.configure({ BCRYPT_COST: '4' });
  await stack.users.restart();
  const lock = await stack.lock('select from users.account for update');
  const renewing = await linesOf('POST', '/login', { body: { username, password } }, 200);
  await lock.release();
  assert.ok(renewing.some((line) => line.service === 'users' && line.msg.startsWith('a hash could not be renewed')));

  await stack.otp.kill();
  const failing = await linesOf('POST', '/login', { body: { username, password, otp: '000000' } }, 503);
  assert.ok(failing.some((line) => line.service === 'gateway' && line.msg === 'dependency unavailable'));
  await stack.otp.start();
});

test('whatever is said between the beginning and the end of requests says of which', { skip }, async () => {
  const { username, password, accessToken } = ada;
  const calls: [number, string, string, CallOptions][] = [
    [401, 'POST', '/login', { body: { username, password: 'not the pass phrase' } }],
    [401, 'POST', '/login', { body: { username: 'nobody', password } }],
    [400, 'POST', '/login', { raw: '{' }],
    [422, 'POST', '/signup', { body: { username: 'eve@example.com', password: 'password' } }],
    [401, 'POST', '/login/otp', { body: { challenge: 'x'.repeat(43), otp: '000000' } }],
    [401, 'POST', '/token/refresh', { body: { refresh_token: 'x' } }],
    [200, 'GET', '/me', { token: accessToken }],
    [404, 'GET', '/qr_code', { token: accessToken }],
    [404, 'GET', '/nothing', {}],
  ];
  for (const [status, method, path, options] of calls) await linesOf(method, path, options, status);
  // What parts do for no request: starting, the loops of the audit pipeline, and connections to stores.
  const own =
    /^(audit (lease|collector|projector|sequencer|folds|sweep|relay)|connection trouble|PostgreSQL may lose|BCRYPT_COST|flags repaired)/;
  const orphans = lines().filter((line) => line.request_id === undefined && !own.test(line.msg));
  assert.deepEqual(
    orphans.map(({ service, msg }) => `${service}: ${msg}`),
    [],
  );
});

test('a part that stops sends the spans that it has left', { skip }, async () => {
  const { username } = ada;
  const said = await linesOf('POST', '/login', { body: { username, password: 'not the pass phrase' } }, 401);
  await Promise.all(
    [stack.gateway, stack.users].map(async (part) => {
      part.signal('SIGTERM');
      assert.deepEqual(await part.ended(), { code: 0, signal: null });
    }),
  );
  const traceId = said[0]?.trace_id;
  const sent = receiver.spans.filter((span) => span.traceId === traceId && span.kind === 2);
  assert.deepEqual(sent.map((span) => span.name).sort(), ['POST /login', 'POST /passwords/verify']);
});
