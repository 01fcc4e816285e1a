// A login as a trace: one from the gateway to SQL, with nothing in it that anybody sent, and never in a request's way.
// Runs on one back end: the real one has all that is traced.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseMissing } from './support/database.ts';
import { challengeOf, expect, nextCode, signUpWithFactor, tokensOf } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from './support/trace-receiver.ts';

const skip = databaseMissing;
const [server, client, internal] = [2, 3, 1];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const redis = process.env.TEST_REDIS_URL !== undefined;

/** What the receiver got of a stack's whole life: parts send what is left as they stop. */
async function trace(
  t: TestContext,
  env: Record<string, string> | ((url: string) => Record<string, string>),
  live: (stack: Stack) => Promise<void>,
): Promise<TraceReceiver> {
  const receiver = await startTraceReceiver();
  t.after(() => receiver[Symbol.asyncDispose]());
  const more = typeof env === 'function' ? env(receiver.url) : env;
  await using stack = await startStack({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...more } });
  await live(stack);
  return receiver;
}

/** The spans of the last request of that route. */
function traceOf({ spans }: TraceReceiver, route: string): ReceivedSpan[] {
  const root = spans.findLast(({ kind, name, parentSpanId }) => kind === server && name === route && !parentSpanId);
  assert.ok(root, `a trace of ${route}`);
  return spans.filter(({ traceId }) => traceId === root.traceId);
}

function pick(spans: ReceivedSpan[], service: string, kind: number, name: RegExp): ReceivedSpan {
  const found = spans.find((span) => span.service === service && span.kind === kind && name.test(span.name));
  const all = spans.map((span) => `${span.service} ${span.kind} ${span.name}`).join('\n');
  assert.ok(found, `${name} of ${service} in\n${all}`);
  return found;
}

const parentOf = (spans: ReceivedSpan[], span: ReceivedSpan) =>
  spans.find(({ spanId }) => spanId === span.parentSpanId);

test('each step of a login is one trace from the gateway to SQL, and tells nothing that anybody sent', {
  skip,
}, async (t) => {
  const secrets = ['127.0.0.1'];
  const receiver = await trace(t, { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=trial' }, async (stack) => {
    const ada = await signUpWithFactor(stack);
    secrets.push(
      ada.username,
      ada.password,
      ada.secret,
      ada.id,
      ...ada.recoveryCodes,
      ada.accessToken,
      ada.refreshToken,
    );
    const challenge = await challengeOf(stack.api, ada);
    const otp = nextCode(stack, ada);
    const done = tokensOf(expect(200, await stack.api('POST', '/login/otp', { body: { challenge, otp } })));
    secrets.push(challenge, otp, ...Object.values(done));
  });

  const first = traceOf(receiver, 'POST /login');
  const second = traceOf(receiver, 'POST /login/otp');
  const picture = [
    [first, 'users', /^POST \/passwords\/verify$/, ['wait for a core', 'bcrypt']],
    [second, 'otp', /^POST \/codes\/verify$/, redis ? ['SET'] : []],
  ] as const;
  for (const [spans, service, name, within] of picture) {
    const root = pick(spans, 'sallyport-gateway', server, /^POST \/login/);
    assert.equal(root.parentSpanId, undefined);
    assert.equal(root.attributes['http.response.status_code'], 200);
    const call = pick(spans, 'sallyport-gateway', client, name);
    assert.equal(parentOf(spans, call), root);
    const answer = pick(spans, `sallyport-${service}`, server, name);
    assert.equal(parentOf(spans, answer), call);
    const sql = pick(spans, `sallyport-${service}`, client, /^(SELECT|WITH|UPDATE|INSERT)$/);
    assert.equal(parentOf(spans, sql), answer);
    assert.match(String(sql.attributes['db.query.text']), /\$1/);
    for (const inner of within) {
      const span = spans.find((each) => each.name === inner && each.service === answer.service);
      assert.equal(span && parentOf(spans, span), answer, inner);
    }
    const own = pick(spans, 'sallyport-gateway', client, /^(SELECT|WITH|UPDATE|INSERT)$/);
    assert.equal(parentOf(spans, own), root);
    const strays = spans.filter((span) => span !== root && !parentOf(spans, span));
    assert.deepEqual(strays, []);
  }
  assert.equal(pick(first, 'sallyport-users', internal, /^bcrypt$/).attributes['hash.cost'], 4);

  const sent = receiver.bodies.join('\n');
  assert.match(sent, /"deployment.environment.name"/);
  for (const secret of secrets) assert.ok(!sent.includes(secret), `${secret} stands in a trace`);
  assert.deepEqual([...receiver.paths], ['POST /v1/traces']);
});

test('whoever calls decides nothing: a trace from outside is linked where a trusted proxy brings it', {
  skip,
}, async (t) => {
  for (const [proxies, linked] of [
    ['127.0.0.1', true],
    ['192.0.2.1', false],
  ] as const) {
    const receiver = await trace(t, { TRUSTED_PROXIES: proxies }, async ({ api }) => {
      expect(401, await api('POST', '/login', { headers: { traceparent }, body: nobody }));
    });
    const root = pick(traceOf(receiver, 'POST /login'), 'sallyport-gateway', server, /./);
    assert.notEqual(root.traceId, traceparent.split('-')[1]);
    assert.equal(root.parentSpanId, undefined);
    assert.deepEqual(
      (root.links ?? []).map(({ traceId }) => traceId),
      linked ? [traceparent.split('-')[1]] : [],
    );
  }
});

test('a caller can’t have a request recorded that the sampler leaves out, in no part', { skip }, async (t) => {
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
  const receiver = await trace(t, sampler, async ({ api, parts }) => {
    expect(401, await api('POST', '/login', { headers: { traceparent }, body: nobody }));
    const headers = { traceparent, 'content-type': 'application/json' };
    await fetch(`${parts.users.url}/passwords/verify`, { method: 'POST', headers, body: '{}' });
  });
  assert.deepEqual(receiver.spans, []);
});

test('sends the headers and the name that it is given, to the address for traces where there is one', {
  skip,
}, async (t) => {
  const env = (url: string) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/own/path`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=one',
    OTEL_SERVICE_NAME: 'door',
  });
  const receiver = await trace(t, env, async ({ api }) => {
    expect(401, await api('POST', '/login', { body: nobody }));
  });
  assert.deepEqual([...receiver.paths], ['POST /own/path']);
  assert.ok(receiver.headers.every((headers) => headers['x-tenant'] === 'one'));
  assert.deepEqual([...new Set(receiver.spans.map(({ service }) => service))], ['door']);
});

test('a receiver that answers nothing, refuses, or is away holds up no login and no stop', { skip }, async (t) => {
  const silent = await startTraceReceiver('never');
  t.after(() => silent[Symbol.asyncDispose]());
  const refusing = await startTraceReceiver(400);
  t.after(() => refusing[Symbol.asyncDispose]());
  for (const url of [silent.url, refusing.url, 'http://127.0.0.1:1']) {
    const stack = await startStack({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
    let stopping = 0;
    try {
      await logInMeanwhile(stack);
    } finally {
      stopping = performance.now();
      await stack[Symbol.asyncDispose]();
    }
    const took = performance.now() - stopping;
    assert.ok(took < 8_000, `${url}: all parts stopped after ${took} ms`);
  }
});

const nobody = { username: 'nobody@example.com', password: 'a pass phrase of nobody' };

async function logInMeanwhile(stack: Stack): Promise<void> {
  const ada = await signUpWithFactor(stack);
  for (let times = 3; times > 0; times -= 1) {
    const started = performance.now();
    await challengeOf(stack.api, ada);
    const took = performance.now() - started;
    assert.ok(took < 2_000, `a first step took ${took} ms`);
  }
}
