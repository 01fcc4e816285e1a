// Promise 4 from outside: one person goes through everything, and the log that an admin reads at /audit/events tells it,
// in order, with every field that docs/audit.md names, each chained to the one before. What is checked here is computed here:
// no code of the product hashes, canonicalises or verifies. Promise 7: no secret stands in any event or log line.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Answered, Api } from './support/api.ts';
import { expect, expectProblem, tokensOf } from './support/people.ts';
import {
  type Enrolled,
  enrolOwner,
  giveCode,
  logInOwner,
  type Owner,
  provePassword,
  setUp,
  signUpOwner,
} from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

type Data = Record<string, unknown> & { personal: Record<string, unknown> | null };
type Event = { sequence: string; type: string; subject?: string; time: string; id: string; data: Data } & Record<
  string,
  unknown
>;

const adminName = 'root@example.com';
const adminPassword = 'the phrase of the first admin';

let stack: ProcessStack;
let api: Api;
let admin: Enrolled;

before(async () => {
  stack = await startProcessStack({
    env: { ADMIN_USERNAME: adminName, ADMIN_PASSWORD: adminPassword, LOG_LEVEL: 'trace' },
  });
  api = stack.api;
  const root = { username: adminName, password: adminPassword, id: '', recoveryCodes: [], lastStep: 0 };
  const answer = expect(200, await api('POST', '/login', { body: { username: adminName, password: adminPassword } }));
  admin = await enrolOwner(api, { ...root, id: answer.body.user.id, ...tokensOf(answer) });
});
after(() => stack[Symbol.asyncDispose]());

/** RFC 8785 for values of ASCII keys, whole numbers and strings: sorted keys, no blanks, JSON.stringify's escapes. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) {
    assert.ok(typeof value !== 'number' || Number.isSafeInteger(value));
    return JSON.stringify(value);
  }
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

const readPage = (query = '') => api('GET', `/audit/events${query}`, { token: admin.accessToken });

async function readLog(): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const page = expect(200, await readPage(`?after=${events.length}&limit=1000`));
    events.push(...page.body.events);
    if (page.body.events.length < 1_000) return events;
  }
}

/** Any but a checkpoint, which comes by itself after ten seconds and has data of its own. */
const isOfPeople = (event: Event) => event.type !== 'sallyport.audit.checkpoint';

/** The type of every event of an account, in order, with its outcome, reason and source where they tell something. */
async function storyOf(id: string): Promise<string[]> {
  return (await readLog())
    .filter((event) => event.subject === id)
    .map(({ type, data }) => [type.replace('sallyport.', ''), data.reason].filter((part) => part !== null).join(' '));
}

/** Waits for the story to have its length, and compares. */
async function assertStory(owner: Owner, from: number, expected: readonly string[]): Promise<number> {
  await until('the events', async () => (await storyOf(owner.id)).length >= from + expected.length, {
    ms: 5_000,
  }).catch(() => undefined);
  assert.deepEqual((await storyOf(owner.id)).slice(from), expected);
  return from + expected.length;
}

const canaries: string[] = [];
const keep = (...secrets: unknown[]) => canaries.push(...secrets.map(String));

function keepTokens(answer: Answered): Answered {
  keep(answer.body.access_token, answer.body.refresh_token);
  return answer;
}

test('one person through everything: each step leaves its events, in order', async () => {
  const ada = await signUpOwner(api);
  keep(ada.password, ada.accessToken, ada.refreshToken);
  let told = await assertStory(ada, 0, ['user.signed_up', 'login.succeeded', 'device.added']);
  const tell = async (...expected: string[]) => {
    told = await assertStory(ada, told, expected);
  };
  const token = () => ada.accessToken;
  const otp = () => {
    const code = giveCode(ada);
    keep(code);
    return code;
  };

  const wrong = { username: ada.username, password: 'a wrong phrase of canaries' };
  keep(wrong.password);
  expectProblem(401, 'invalid-credentials', await api('POST', '/login', { body: wrong }));
  await tell('login.failed wrong-password');

  const other = keepTokens(expect(200, await provePassword(api, ada)));
  await tell('login.succeeded', 'device.added');
  ada.secret = await setUp(api, ada);
  keep(ada.secret);
  await tell('otp.setup_started');
  expectProblem(401, 'invalid-otp', await api('PUT', '/auth/otp/enable', { token: token(), body: { otp: '000000' } }));
  await tell('otp.failed wrong-code');
  const enabled = await api('PUT', '/auth/otp/enable', { token: token(), body: { otp: otp() } });
  Object.assign(ada, tokensOf(keepTokens(expect(200, enabled))), { recoveryCodes: enabled.body.recovery_codes });
  keep(...ada.recoveryCodes);
  await tell('otp.enabled', 'session.revoked otp-enabled', 'device.removed otp-enabled');
  expectProblem(401, 'unauthenticated', await api('GET', '/me', { token: tokensOf(other).accessToken }));

  const challenge = async () => {
    const answer = expect(200, await provePassword(api, ada));
    keep(answer.body.challenge);
    return answer.body.challenge as string;
  };
  const answer = async (body: object) => api('POST', '/login/otp', { body });
  const first = await challenge();
  await tell('login.challenged');
  expectProblem(401, 'invalid-otp', await answer({ challenge: first, otp: '000000' }));
  await tell('otp.failed wrong-code', 'login.failed wrong-code');
  const used = otp();
  keepTokens(expect(200, await answer({ challenge: first, otp: used })));
  await tell('otp.verified', 'login.succeeded', 'device.added');
  expectProblem(401, 'invalid-otp', await answer({ challenge: await challenge(), otp: used }));
  await tell('login.challenged', 'otp.replayed used-code', 'login.failed used-code');
  const recovery_code = ada.recoveryCodes.pop();
  keepTokens(expect(200, await answer({ challenge: await challenge(), recovery_code })));
  await tell('login.challenged', 'recovery_code.used', 'login.succeeded', 'device.added');

  const refresh = (refresh_token: string) => api('POST', '/token/refresh', { body: { refresh_token } });
  const once = tokensOf(keepTokens(expect(200, await refresh(ada.refreshToken))));
  await tell('session.refreshed');
  const twice = tokensOf(keepTokens(expect(200, await refresh(once.refreshToken))));
  await tell('session.refreshed');
  expectProblem(401, 'invalid-refresh-token', await refresh(ada.refreshToken));
  await tell('session.reuse_detected', 'session.revoked refresh-token-reused');
  expectProblem(401, 'unauthenticated', await api('GET', '/me', { token: twice.accessToken }));

  keepTokens(await logInOwner(api, ada));
  await tell('login.challenged', 'otp.verified', 'login.succeeded', 'device.added');
  const proof = () => ({ password: ada.password, otp: otp() });
  keepTokens(expect(200, await api('POST', '/reauthenticate', { token: token(), body: proof() })));
  await tell('otp.verified', 'login.succeeded reauthenticated');
  const made = expect(200, await api('POST', '/auth/otp/recovery_codes', { token: token(), body: { otp: otp() } }));
  keep(...made.body.recovery_codes);
  await tell('otp.verified', 'recovery_code.regenerated');

  const sessions = expect(200, await api('GET', '/sessions', { token: token() })).body.sessions;
  const foreign = sessions.find((session: { current: boolean }) => !session.current).id;
  expect(204, await api('DELETE', `/sessions/${foreign}`, { token: token() }));
  await tell('session.revoked ended-by-owner');

  const change = { current_password: ada.password, new_password: 'a wholly different phrase of canaries' };
  keep(change.new_password);
  expect(204, await api('PUT', '/me/password', { token: token(), body: { ...change, otp: otp() } }));
  ada.password = change.new_password;
  const removed = Array.from({ length: 3 }, () => 'device.removed password-changed');
  await tell('otp.verified', 'password.changed', 'session.revoked password-changed', ...removed);
  expect(200, await api('PUT', '/auth/otp/disable', { token: token(), body: proof() }));
  await tell('otp.verified', 'otp.disabled');
  expect(204, await api('POST', '/logout', { token: token(), body: {} }));
  await tell('session.revoked logout');
});

test('ten wrong codes in a row leave the lock, with their count', async () => {
  const bob = await enrolOwner(api, await signUpOwner(api, 'bob'));
  for (let round = 0; round < 2; round += 1) {
    const challenge = expect(200, await provePassword(api, bob)).body.challenge;
    for (let tried = 0; tried < 5; tried += 1) {
      const wrong = await api('POST', '/login/otp', { body: { challenge, otp: '000000' } });
      expectProblem(401, 'invalid-otp', wrong);
    }
  }
  const locked = await until('the lock', async () =>
    (await readLog()).find((event) => event.subject === bob.id && event.type === 'sallyport.otp.locked'),
  );
  assert.equal(locked.data.count, 10);
  assert.equal(locked.data.outcome, 'failure');
});

test('a name that is no account is written nowhere', async () => {
  const username = 'canary-of-nobody@example.com';
  const body = { username, password: 'a phrase of nobody' };
  keep(username, body.password);
  const answer = expectProblem(401, 'invalid-credentials', await api('POST', '/login', { body }));
  const event = await until('the event', async () =>
    (await readLog()).find((entry) => entry.data.request_id === answer.body.request_id),
  );
  assert.equal(event.type, 'sallyport.login.failed');
  assert.ok(!('subject' in event));
  assert.deepEqual([event.data.actor, event.data.target, event.data.personal?.username], [null, null, null]);
});

test('every event has every field, and says who, whom, from where and by which request', async () => {
  const carl = await signUpOwner(api, 'carl');
  const headers = { 'x-request-id': 'of-carl', 'user-agent': 'a browser of carl' };
  expect(200, await api('POST', '/login', { headers, body: { username: carl.username, password: carl.password } }));
  const mine = await until('the event', async () =>
    (await readLog()).find((event) => event.data.request_id === 'of-carl'),
  );
  const { salt, ...personal } = mine.data.personal ?? {};
  assert.deepEqual(personal, { ip: '127.0.0.1', user_agent: 'a browser of carl', username: carl.username });
  assert.match(String(salt), /^[0-9a-f]{64}$/);
  const account = { type: 'account', id: carl.id };
  const { session_id, personal_hash: _, personal: __, ...data } = mine.data;
  assert.match(String(session_id), /^[0-9a-f-]{36}$/);
  const expected = { outcome: 'success', reason: null, actor: account, target: account, client: null };
  assert.deepEqual(data, { ...expected, request_id: 'of-carl', amr: ['pwd'], count: 1 });

  const sources = {
    users: /^(user|password)\./,
    otp: /^(otp|recovery_code)\./,
    gateway: /^(login|session|device|audit)\./,
  };
  const members = 'outcome reason actor target client session_id request_id amr count personal_hash personal'.split(
    ' ',
  );
  for (const event of (await readLog()).filter(isOfPeople)) {
    const { data, subject, ...rest } = event;
    assert.deepEqual(
      Object.keys(rest).sort(),
      'dataschema datacontenttype hash id prevhash sequence source specversion time type'.split(' ').sort(),
    );
    assert.equal(rest.specversion, '1.0');
    assert.equal(rest.datacontenttype, 'application/json');
    assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(event.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const part = String(rest.source).replace('https://login.example.com/', '') as keyof typeof sources;
    assert.match(event.type.replace('sallyport.', ''), sources[part], `${event.type} of ${part}`);
    assert.deepEqual(Object.keys(data).sort(), [...members].sort(), event.type);
    assert.ok(data.outcome === 'success' || data.outcome === 'failure');
    assert.ok(subject === undefined || /^[0-9a-f-]{36}$/.test(subject));
  }
});

test('the log is one chain without a gap, in canonical form, and each personal part fits its hash', async () => {
  const page = expect(200, await readPage('?limit=1000'));
  const events: Event[] = page.body.events;
  assert.ok(events.length > 50);
  // The bytes as they are sent, not as a parser gives them back.
  assert.equal(page.text, `{"events":[${events.map(canonical).join(',')}],"last_sequence":"${events.length}"}`);
  let prevhash = '0'.repeat(64);
  for (const [at, event] of events.entries()) {
    assert.equal(event.sequence, String(at + 1));
    assert.equal(event.prevhash, prevhash);
    const { hash, data, ...rest } = event;
    const { personal, ...lasting } = data;
    assert.equal(hash, sha256(canonical({ ...rest, data: lasting })), event.type);
    if (isOfPeople(event)) assert.equal(data.personal_hash, sha256(canonical(personal)), event.type);
    prevhash = String(hash);
  }
  assert.equal(new Set(events.map((event) => event.id)).size, events.length);
});

test('pages follow one another by the last sequence, which stands still where there is nothing new', async () => {
  const all = await readLog();
  const numbers: string[] = [];
  let after = '0';
  for (;;) {
    const page = expect(200, await readPage(`?after=${after}&limit=7`)).body;
    assert.equal(page.last_sequence, page.events.at(-1)?.sequence ?? after);
    if (page.events.length === 0) break;
    assert.ok(page.events.length <= 7);
    numbers.push(...page.events.map((event: Event) => event.sequence));
    after = page.last_sequence;
  }
  assert.deepEqual(
    numbers.slice(0, all.length),
    all.map((event) => event.sequence),
  );
  const beyond = expect(200, await readPage('?after=900000000')).body;
  assert.deepEqual(beyond, { events: [], last_sequence: '900000000' });
  assert.equal(expect(200, await readPage()).body.events.length, Math.min(100, all.length));
  for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?after=-1', '?after=1e3', '?after=']) {
    expectProblem(422, 'invalid-request', await readPage(query));
  }
});

test('nobody but admins and auditors with two factors reads the log', async () => {
  const dora = await signUpOwner(api, 'dora');
  expectProblem(403, 'forbidden', await api('GET', '/audit/events', { token: dora.accessToken }));
  expectProblem(401, 'unauthenticated', await api('GET', '/audit/events'));
  await stack.sql(`update users.account set roles = '{audit}' where id = $1`, [dora.id]);
  await logInOwner(api, dora);
  expectProblem(403, 'enrolment-required', await api('GET', '/audit/events', { token: dora.accessToken }));
  await enrolOwner(api, dora);
  expect(200, await api('GET', '/audit/events', { token: dora.accessToken }));
});

test('an event is readable two seconds after the answer that caused it', async () => {
  const erna = await signUpOwner(api, 'erna');
  for (let round = 0; round < 5; round += 1) {
    const { last_sequence } = expect(200, await readPage(`?after=${(await readLog()).length}`)).body;
    const { session_id } = await newSession(erna);
    const answered = performance.now();
    await until('the event', async () => {
      const page = await readPage(`?after=${last_sequence}`);
      return page.body.events.some((event: Event) => event.data.session_id === session_id);
    });
    const ms = performance.now() - answered;
    assert.ok(ms < 2_000, `${Math.round(ms)} ms`);
  }
});

async function newSession(owner: Owner): Promise<{ session_id: string }> {
  const { accessToken } = tokensOf(await logInOwner(api, owner));
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
  return { session_id: claims.sid };
}

test('no password, code, secret, token, key or connection string stands in an event or a log line', async () => {
  const { env } = stack;
  const long = [...canaries, adminPassword, admin.secret, admin.accessToken, admin.refreshToken].filter(
    (text) => text.length > 6,
  );
  assert.ok(long.length > 40);
  const names = Object.keys(env).filter((name) => /SECRETS|KEYS|PEPPERS/.test(name));
  const keys = names.map((name) => env[name]?.split(':').at(-1) ?? '');
  assert.equal(keys.length, 6);
  const places = {
    events: JSON.stringify(await readLog()),
    ...Object.fromEntries(stack.parts.map((part) => [`the log of ${part.name}`, part.log() + part.output()])),
  };
  for (const [place, text] of Object.entries(places)) {
    assert.ok(text.length > 500, `${place} is nearly empty`);
    for (const secret of [...long, ...keys, new URL(stack.databaseUrl).password].filter((one) => one !== '')) {
      assert.ok(!text.includes(secret), `${secret} stands in ${place}`);
    }
    // Six digits alone may stand anywhere; as a value of their own they would be a code.
    for (const code of canaries.filter((one) => /^\d{6}$/.test(one))) {
      assert.ok(!text.includes(`"${code}"`), `${code} stands in ${place}`);
    }
  }
});
