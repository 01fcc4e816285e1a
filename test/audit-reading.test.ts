// The audit log over HTTP: what a follower without a broker relies on. Promise 4: what is there is found, once and in
// order, whatever is asked for; who reads is recorded before anything is given out.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answered } from './support/api.ts';
import { readLog, waitForLog } from './support/audit-log.ts';
import { makeAuditor } from './support/auditor.ts';
import { databaseMissing } from './support/database.ts';
import { expect, expectProblem, logIn, type Person, signUp, signUpWithFactor } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const skip = databaseMissing;

let stack: Stack;
let auditor: Person;

before(async () => {
  if (skip) return;
  stack = await startStack();
  auditor = await makeAuditor(stack);
  for (const name of ['ada', 'bob', 'carl']) await logIn(stack, await signUpWithFactor(stack, name));
  await waitForLog(stack);
});
after(() => stack?.[Symbol.asyncDispose]());

const read = (query = '', headers = {}, reader = auditor) =>
  stack.api('GET', `/audit/events${query}`, { token: reader.accessToken, headers });

async function head(): Promise<number> {
  await waitForLog(stack);
  return (await stack.sql<{ sequence: number }>('select sequence from gateway.audit_head'))[0]?.sequence ?? 0;
}

/** Waits until a reader's call has got as far as being recorded. */
const untilRecorded = (reader: Person) =>
  until(
    'the reading is recorded',
    async () => (await stack.sql('select from gateway.audit_reader where user_id = $1', [reader.id])).length,
  );

const bodiesOf = async (condition: string, values: unknown[] = []) =>
  (
    await stack.sql<{ body: string }>(
      `select body from gateway.audit_event where ${condition} order by sequence`,
      values,
    )
  ).map((row) => row.body);

test('filters by types and by account; pages hold every match once, in order', { skip }, async () => {
  const [verified, challenged] = ['sallyport.otp.verified', 'sallyport.login.challenged'];
  const to = await head();
  const upTo = `sequence <= ${to} and`;
  const cases: [string, string, unknown[]][] = [
    [`type=${verified}`, `${upTo} type = $1`, [verified]],
    [`type=${verified},${challenged}`, `${upTo} type = any($1)`, [[verified, challenged]]],
    [`type=${challenged}&type=${verified}&type=${verified}`, `${upTo} type = any($1)`, [[verified, challenged]]],
    [`subject=${auditor.id}`, `${upTo} subject = $1`, [auditor.id]],
    [
      `subject=${auditor.id.toUpperCase()}&type=${verified}`,
      `${upTo} subject = $1 and type = $2`,
      [auditor.id, verified],
    ],
    ['type=sallyport.ip.blocked', `${upTo} type = $1`, ['sallyport.ip.blocked']],
    ['', `${upTo} true`, []],
  ];
  for (const [query, condition, values] of cases) {
    const expected = await bodiesOf(condition, values);
    if (!query.includes('ip.blocked')) assert.ok(expected.length > 0, query);
    for (const limit of [1, 3, 1_000]) {
      const texts: string[] = [];
      let last = '0';
      for (;;) {
        const page = expect(200, await read(`?after=${last}&limit=${limit}&${query}`)).body;
        const events = page.events.filter((event: { sequence: string }) => Number(event.sequence) <= to);
        assert.ok(page.events.length <= limit);
        assert.equal(page.last_sequence, page.events.at(-1)?.sequence ?? last);
        texts.push(...events.map((event: object) => JSON.stringify(event)));
        if (events.length === 0) break;
        last = page.last_sequence;
      }
      assert.deepEqual(texts, expected, `${query} by ${limit}`);
    }
  }
});

test('gives the very bytes of the log, in one document or a line for each', { skip }, async () => {
  const to = await head();
  const bodies = await bodiesOf(`sequence <= ${to}`);
  const plain = expect(200, await read(`?limit=${to}`));
  assert.equal(plain.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(plain.text, `{"events":[${bodies.join(',')}],"last_sequence":"${to}"}`);
  for (const type of ['application/x-ndjson', 'application/jsonl']) {
    const lines = expect(200, await read(`?limit=${to}`, { accept: `${type}, application/json;q=0.5` }));
    assert.equal(lines.headers.get('content-type'), type);
    assert.equal(lines.headers.get('x-last-sequence'), String(to));
    assert.equal(lines.text, bodies.map((body) => `${body}\n`).join(''));
  }
  const none = expect(200, await read('?after=900000000', { accept: 'application/x-ndjson' }));
  assert.deepEqual([none.text, none.headers.get('x-last-sequence')], ['', '900000000']);
  for (const accept of ['*/*', 'application/*', 'text/html', 'application/json, application/x-ndjson;q=0.9']) {
    const answer = expect(200, await read('?limit=1', { accept }));
    assert.match(String(answer.headers.get('content-type')), /^application\/json/, accept);
  }
});

test('names what is wrong with a filter, and never repeats it', { skip }, async () => {
  const wrong: [string, string][] = [
    ['type', 'type=login.failed'],
    ['type', 'type=sallyport.login.failed,'],
    ['type', 'type='],
    ['type', 'type=sallyport.login.failed&type=constructor'],
    ['subject', 'subject=ada'],
    ['subject', 'subject='],
    ['wait', 'wait=31'],
    ['wait', 'wait=1.5'],
    ['wait', 'wait=-1'],
    ['wait', 'wait='],
    ['wait', 'wait=1&wait=2'],
  ];
  for (const [field, query] of wrong) {
    const { body } = expectProblem(422, 'invalid-request', await read(`?${query}`));
    assert.deepEqual(
      body.errors.map((fault: { path: string }) => fault.path),
      [field],
      query,
    );
  }
});

test('who waits is answered as soon as there is something, and not with what others wait for', { skip }, async () => {
  const reader = await makeAuditor(stack);
  const from = await head();
  const started = performance.now();
  const waiting = read(`?after=${from}&type=sallyport.user.signed_up&wait=30`, {}, reader);
  await untilRecorded(reader);
  const dora = await signUp(stack.api, 'dora');
  const { events } = expect(200, await waiting).body;
  assert.deepEqual(
    events.map((event: { type: string; subject: string }) => [event.type, event.subject]),
    [['sallyport.user.signed_up', dora.id]],
  );
  assert.ok(performance.now() - started < 20_000);
});

test('who waits in vain has an empty page when the time is over', { skip }, async () => {
  const started = performance.now();
  const page = expect(200, await read('?after=900000000&wait=1')).body;
  assert.deepEqual(page, { events: [], last_sequence: '900000000' });
  const ms = performance.now() - started;
  assert.ok(ms >= 999 && ms < 10_000, `${ms} ms`);
});

test('what is there already is not waited for', { skip }, async () => {
  const started = performance.now();
  assert.equal(expect(200, await read('?limit=1&wait=30')).body.events.length, 1);
  assert.ok(performance.now() - started < 20_000);
});

test('a session that ends while it waits gets no events', { skip }, async () => {
  const reader = await makeAuditor(stack);
  const from = await head();
  const waiting = read(`?after=${from}&type=sallyport.session.revoked&wait=30`, {}, reader);
  await untilRecorded(reader);
  expect(204, await stack.api('POST', '/logout', { token: reader.accessToken, body: {} }));
  expectProblem(401, 'unauthenticated', await waiting);
});

test('fifty readings at once by one reader are recorded once, and again after a minute', { skip }, async () => {
  const reader = await makeAuditor(stack);
  const readings = async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => read('?limit=1', {}, reader)));
    for (const answer of answers) expect(200, answer);
    return (await readLog(stack, reader.id)).filter((event) => event.type === 'sallyport.audit.read');
  };
  const [first, ...rest] = await readings();
  assert.deepEqual(rest, []);
  assert.ok(first?.data.session_id);
  const { outcome, reason, count } = first.data;
  assert.deepEqual({ outcome, reason, count }, { outcome: 'success', reason: null, count: 1 });
  assert.equal((await readings()).length, 1);
  for (const [shift, total] of [
    ["- interval '61 seconds'", 2],
    ["+ interval '1 day'", 3],
  ] as const) {
    await stack.sql(`update gateway.audit_reader set read_at = clock_timestamp() ${shift} where user_id = $1`, [
      reader.id,
    ]);
    assert.equal((await readings()).length, total);
  }
});

test('nothing is given out that could not be recorded', { skip }, async () => {
  const reader = await makeAuditor(stack);
  await stack.sql(`create function gateway.refuse_reader() returns trigger language plpgsql as
    $$ begin raise exception 'not today'; end $$`);
  await stack.sql(`create trigger refuse_reader before insert on gateway.outbox
    for each row when (new.body like '%sallyport.audit.read%') execute function gateway.refuse_reader()`);
  try {
    for (const query of ['?limit=1', '?limit=1&wait=1']) {
      const answer: Answered = await read(query, {}, reader);
      expectProblem(503, 'unavailable', answer);
      assert.ok(!answer.text.includes('prevhash'));
    }
  } finally {
    await stack.sql('drop trigger refuse_reader on gateway.outbox');
  }
  expect(200, await read('?limit=1', {}, reader));
});

test('a gateway that stops answers at once all who wait', { skip }, async () => {
  await using own = await startStack();
  const reader = await makeAuditor(own);
  const [gateway] = own.parts.gateways;
  const waiting = own.api('GET', '/audit/events?after=900000000&wait=30', { token: reader.accessToken });
  await until('the reading is recorded', async () => (await own.sql('select from gateway.audit_reader')).length);
  const started = performance.now();
  const closed = gateway?.close();
  assert.deepEqual(expect(200, await waiting).body, { events: [], last_sequence: '900000000' });
  await closed;
  const ms = performance.now() - started;
  assert.ok(ms < 5_000, `${ms} ms`);
});
