// Promise 5 with users or otp away, mute, failing or talking nonsense: 503 within the budget of the call and nobody gets
// in. steps.test.ts has the subtle lies of otp about a code.
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { otp } from '@sallyport/contracts';
import { createServiceClient } from '@sallyport/http/service-client';
import { startMoreGateway } from './support/more-parts.ts';
import { challengeOf, expect, expectProblem, nextCode, type Person, signUpWithFactor } from './support/people.ts';
import { type Stack, sharedRedisMissing, startStack } from './support/stack.ts';

type Fault = (res: ServerResponse) => void;

const say = (status: number, body: string, type = 'application/json'): Fault => {
  return (res) => void res.writeHead(status, { 'content-type': type }).end(body);
};

const faults: Record<string, Fault> = {
  'answers 500': say(500, '{"outcome":"accepted"}'),
  'answers 200 with nonsense': say(200, '{"outcome":"accepted","account":true,"valid":"true"}'),
  'answers 200 with an empty object': say(200, '{}'),
  'answers HTML': say(200, '<html><body>ok</body></html>', 'text/html'),
  'answers nothing, with 204': (res) => void res.writeHead(204).end(),
  redirects: (res) => void res.writeHead(302, { location: 'https://example.com/' }).end(),
  'hangs up': (res) => void res.destroy(),
  'breaks off in its answer': (res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    res.write('{"outcome":', () => res.destroy());
  },
  'never answers': () => undefined,
  'drips its answer': (res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => res.write(' '), 200);
    res.once('close', () => clearInterval(drip));
  },
};

/** A server in the place of a service. */
async function startFaulty() {
  const state: { fault: Fault } = { fault: say(500, '') };
  const server = createServer((req, res) => req.resume().once('end', () => state.fault(res)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

suite('a service that fails', () => {
  let stack: Stack;
  let ada: Person & { secret: string };
  before(async () => {
    stack = await startStack();
    ada = await signUpWithFactor(stack);
  });
  after(() => stack?.[Symbol.asyncDispose]());

  const countSessions = async () => (await stack.sql('select from gateway.session')).length;

  for (const service of ['users', 'otp'] as const) {
    test(`${service}, whatever it answers: 503 within the budget, and no session`, {
      skip: sharedRedisMissing,
      timeout: 300_000,
    }, async () => {
      await using faulty = await startFaulty();
      const url = service === 'users' ? { USERS_URL: faulty.url } : { OTP_URL: faulty.url };
      await using gateway = await startMoreGateway(stack, url);
      const sessions = await countSessions();
      const { username, password } = ada;
      for (const [how, fault] of Object.entries(faults)) {
        faulty.state.fault = fault;
        const challenge = await challengeOf(stack.api, ada);
        const otp = nextCode(stack, ada);
        const isLong = how === 'never answers' || how === 'drips its answer';
        // A password may wait for its turn in users for 15 s.
        const bodies = isLong && service === 'users' ? [] : [{ username, password, otp }];
        const started = performance.now();
        const answers = await Promise.all([
          gateway.api('POST', '/login/otp', { body: { challenge, otp } }),
          ...bodies.map((body) => gateway.api('POST', '/login', { body })),
        ]);
        const seconds = (performance.now() - started) / 1_000;
        for (const answer of answers) {
          expectProblem(503, 'unavailable', answer);
          assert.ok(Number(answer.headers.get('retry-after')) >= 1, how);
        }
        assert.ok(seconds < 10, `${how}: ${seconds} s`);
        assert.equal(await countSessions(), sessions, how);
      }
      expect(200, await gateway.api('GET', '/healthz'));
    });
  }

  test('more calls to a service that never answers than may wait are refused at once', async () => {
    await using faulty = await startFaulty();
    faulty.state.fault = () => undefined;
    const client = createServiceClient({
      service: 'otp',
      urls: [faulty.url],
      secrets: ['s'.repeat(32)],
      now: Date.now,
    });
    const context = { request_id: 'test', ip: null, user_agent: null, session_id: null };
    const call = () => client.call('GET', '/', { answer: otp.CodeVerification, context, deadlineMs: 30_000 });
    const waiting = Promise.allSettled(Array.from({ length: 1_200 }, call));
    await assert.rejects(call(), (error: Error) => /too many/.test(String(error.cause)));
    await client.close();
    assert.ok((await waiting).every(({ status }) => status === 'rejected'));
  });
});
