// Secrets stay put (promise 7): whatever fails, no password, code, token, key, hash or connection string of anybody stands
// in a log line, an event, a metric or an answer that is not its own. The parts are processes, so that logs are all they wrote.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signServiceToken } from '@sallyport/http';
import { createPartProcess, type PartName } from './support/part-process.ts';
import { expect, tokensOf } from './support/people.ts';
import { type Enrolled, giveCode, logInOwner, signUpEnrolled } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

const canary = (name: string) => `canary-${name}-1f0e9d8c7b6a`;

let stack: ProcessStack;
let ada: Enrolled;
/** What callers were told and is theirs alone: tokens and recovery codes stand in the answer that made them. */
const secrets = new Set<string>();
const told: string[] = [];
const note = (...texts: (string | undefined)[]) => {
  for (const text of texts) if (text !== undefined && text.length > 5) secrets.add(text);
};

before(async () => {
  stack = await startProcessStack({
    env: { LOG_LEVEL: 'debug', ADDRESS_FAILURES: '0', PASSWORD_TRIES_PER_ADDRESS: '0' },
  });
  ada = await signUpEnrolled(stack.api, 'ada');
  note(ada.password, ada.secret, ada.accessToken, ada.refreshToken, ...ada.recoveryCodes);
});
after(() => stack[Symbol.asyncDispose]());

async function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${stack.gateway.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  if (answer.status >= 400) told.push(text);
  return { status: answer.status, text };
}

const logs = () => stack.parts.map((part) => part.log() + part.output()).join('\n');

function assertNowhere(text: string, where: string): void {
  for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} stands in ${where}`);
}

/** The hashes, seals and keys that the stores hold. */
async function noteStored(): Promise<void> {
  const hashes = await stack.sql<{ value: string }>('select password_hash as value from users.account');
  const sealed = await stack.sql<{ value: string }>("select encode(ciphertext, 'hex') as value from otp.factor");
  note(...[...hashes, ...sealed].map(({ value }) => value));
  for (const [name, value] of Object.entries(stack.env)) {
    if (/SECRETS|KEYS|PEPPERS/.test(name)) note(value, value.split(':').at(-1));
  }
  const { password } = new URL(stack.databaseUrl);
  note(password);
}

test('no path that goes well or wrong tells a secret', async () => {
  const { username, password } = ada;
  const wrong = canary('password');
  const code = canary('code');
  note(wrong, code);
  const first = expect(200, await stack.api('POST', '/login', { body: { username, password } }));
  note(first.body.challenge);
  const login = await logInOwner(stack.api, ada);
  const { accessToken, refreshToken } = tokensOf(login);
  note(accessToken, refreshToken);
  const context = { request_id: 'x', ip: null, user_agent: null, session_id: null };
  const service = signServiceToken('users', [stack.env.OTP_SERVICE_SECRETS ?? ''], Date.now, { context });
  note(service);
  const token = { authorization: `Bearer ${accessToken}` };
  const bodies = [
    JSON.stringify({ username, password: wrong, otp: '123456' }),
    JSON.stringify({ username: canary('username'), password: wrong, recovery_code: code, challenge: code }),
    `{"username":"${username}","password":"${wrong}"`,
    `{"password":"${wrong}","password":"${password}"}`,
    JSON.stringify({ username, password: { nested: wrong }, refresh_token: [code], new_password: wrong }),
    JSON.stringify({ username, current_password: password, new_password: wrong.slice(0, 7), otp: code }),
    JSON.stringify({ password: wrong.repeat(2_000) }),
  ];
  const types = ['application/json', 'text/plain', `application/json; x=${wrong}`];
  const paths = ['/signup', '/login', '/login/otp', '/token/refresh', '/me/password', '/auth/otp/enable', `/${code}`];
  for (const path of paths) {
    for (const body of bodies) {
      for (const type of types) {
        const method = /password|enable/.test(path) ? 'PUT' : 'POST';
        await send(method, path, body, { ...token, 'content-type': type, cookie: `session=${refreshToken}` });
      }
    }
  }
  for (const authorization of [`Bearer ${refreshToken}`, `Bearer ${service}`, `Basic ${wrong}`, accessToken]) {
    await send('GET', `/me?password=${wrong}&access_token=${accessToken}`, undefined, { authorization });
    await fetch(`${stack.users.url}/flags?token=${service}`, { headers: { authorization } });
    await fetch(`${stack.otp.url}/codes/verify`, { method: 'POST', headers: { authorization }, body: bodies[0] ?? '' });
  }
  await send('POST', '/login/otp', JSON.stringify({ challenge: first.body.challenge, otp: giveCode(ada) }));
});

test('no failure inside tells a secret: broken tables, refused rows, a service that is away', async () => {
  await noteStored();
  const { username, password } = ada;
  const breaks = [
    [
      'alter table users.account add constraint broken check (false) not valid',
      'alter table users.account drop constraint broken',
    ],
    [
      'alter table gateway.session add constraint broken check (false) not valid',
      'alter table gateway.session drop constraint broken',
    ],
    [
      'alter table otp.enrolment add constraint broken check (false) not valid',
      'alter table otp.enrolment drop constraint broken',
    ],
    ['alter table users.account rename to moved', 'alter table users.moved rename to account'],
    ['alter table otp.factor rename to moved', 'alter table otp.moved rename to factor'],
    ['alter table gateway.session rename to moved', 'alter table gateway.moved rename to session'],
  ] as const;
  for (const [breakIt, mendIt] of breaks) {
    await stack.sql(breakIt);
    try {
      const chosen = `${canary('chosen')} ${breakIt.length}`;
      note(chosen);
      await send(
        'POST',
        '/signup',
        JSON.stringify({ username: `bob-${breakIt.length}@example.com`, password: chosen }),
      );
      await send('POST', '/login', JSON.stringify({ username, password, otp: giveCode(ada) }));
      await send('POST', '/token/refresh', JSON.stringify({ refresh_token: ada.refreshToken }));
      const bearer = { authorization: `Bearer ${ada.accessToken}` };
      await send('POST', '/auth/otp/setup', '{}', bearer);
      await send('GET', '/me', undefined, bearer);
    } finally {
      await stack.sql(mendIt);
    }
  }
  await noteStored();
  await stack.otp.kill();
  await send('POST', '/login/otp', JSON.stringify({ challenge: canary('challenge'), otp: '123456' }));
  await send('POST', '/login', JSON.stringify({ username, password }));
  await stack.otp.start();
  assert.ok(
    told.some((text) => text.includes('internal-error')) && logs().includes('unexpected error'),
    'none was a 500',
  );
});

test('no part that can not start tells what its environment holds', async () => {
  const pass = canary('store');
  const short = canary('short').slice(0, 20);
  note(pass, short);
  const faults: [PartName, Record<string, string>][] = [
    ['users', { DATABASE_URL: `postgres://user:${pass}@127.0.0.1:1/nowhere` }],
    ['users', { DATABASE_URL: `not a url ${pass}` }],
    ['users', { PASSWORD_PEPPERS: `k:${short}` }],
    ['otp', { SERVICE_SECRETS: short, OTP_ENCRYPTION_KEYS: `k:${short}` }],
    ['otp', { DATABASE_URL: `postgres://user:${pass}@127.0.0.1:1/nowhere` }],
    ['gateway', { TOKEN_SIGNING_KEYS: `k:${short}`, USERS_SERVICE_SECRETS: short, REDIS_URL: `nonsense://${pass}` }],
    [
      'gateway',
      {
        DATABASE_URL: `postgres://user:${pass}@127.0.0.1:1/nowhere`,
        USERS_URL: 'http://127.0.0.1:1',
        OTP_URL: 'http://127.0.0.1:1',
      },
    ],
  ];
  const tries = faults.map(async ([name, wrong]) => {
    const SERVICE_SECRETS = stack.env[`${name.toUpperCase()}_SERVICE_SECRETS`] ?? '';
    const part = await createPartProcess(name, { ...stack.env, SERVICE_SECRETS, ...wrong }, () => {});
    await assert.rejects(part.start(), /ended before it was ready/);
    assert.ok(part.log().length > 20, 'it says why');
    assertNowhere(part.log() + part.output(), `the last words of ${name} with ${Object.keys(wrong)}`);
  });
  await Promise.all(tries);
});

test('no store that is away has its address or password logged', async () => {
  const pass = canary('away');
  note(pass);
  const [users, otp] = ['http://127.0.0.1:1', `http://user:${pass}@127.0.0.1:1`];
  const part = await createPartProcess(
    'gateway',
    {
      ...stack.env,
      LOG_LEVEL: 'debug',
      USERS_URL: users ?? '',
      OTP_URL: otp ?? '',
      REDIS_URL: `redis://:${pass}@127.0.0.1:1`,
      AMQP_URL: `amqp://user:${pass}@127.0.0.1:1`,
    },
    () => {},
  );
  await part.start();
  try {
    for (const path of ['/login', '/signup', '/token/refresh']) {
      const body = JSON.stringify({ username: 'ada@example.com', password: canary('password'), refresh_token: 'x' });
      const answer = await fetch(`${part.url}${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      told.push(await answer.text());
    }
    told.push(await (await fetch(`${part.opsUrl}/readyz`)).text());
    await until('it complains', () => part.log().includes('redis') && part.log().includes('127.0.0.1:1'), {
      ms: 20_000,
    }).catch(() => {});
    assertNowhere(part.log() + part.output(), 'the log of a gateway alone');
  } finally {
    await part.kill();
  }
});

test('one log line a request, as JSON and short, whatever a caller calls itself', async () => {
  const from = stack.gateway.log().length;
  const nasty = ['a\\r\\n{\\"level\\":\\"info\\"}', '\\u001b[31m', '\\u2028\\u2029', '\\u0000', 'x'.repeat(15_000)];
  for (const [at, name] of nasty.entries()) {
    const agent = { 'user-agent': `agent ${'u'.repeat(9_000)} \u00ff\u0085`, 'x-request-id': `nasty-${at}` };
    await send('POST', '/login', `{"username":"${name}","password":"${name}"}`, agent);
    await send('POST', `/${'p'.repeat(5_000)}%0d%0a%e2%80%a8`, '{}', { ...agent, 'x-request-id': `nasty-path-${at}` });
  }
  const lines = () =>
    stack.gateway
      .log()
      .slice(from)
      .split(/\r?\n|[\u2028\u2029\u0085]/)
      .filter((line) => line !== '');
  await until('all are logged', () => lines().filter((line) => line.includes('"nasty-')).length >= 2 * nasty.length);
  for (const line of lines()) {
    assert.ok(line.length < 2_000, `${line.length} characters`);
    assert.doesNotThrow(() => JSON.parse(line), line);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
  }
  assert.equal(lines().filter((line) => line.includes('"nasty-')).length, 2 * nasty.length);
});

test('nothing of all that stands in a log, an event, a metric or a refusal', async () => {
  const events = await stack.sql<{ text: string }>('select * from gateway.audit_event');
  const metrics = await Promise.all(stack.parts.map(async (part) => (await fetch(`${part.opsUrl}/metrics`)).text()));
  assert.ok(secrets.size > 30 && told.length > 100 && logs().length > 10_000 && events.length > 5);
  assertNowhere(logs(), 'a log');
  assert.doesNotMatch(logs(), /\$2b\$\d\d\$|Failing row/, 'no hash of a refused row');
  assertNowhere(JSON.stringify(events), 'an event');
  assertNowhere(metrics.join('\n'), 'a metric');
  assertNowhere(told.join('\n'), 'a refusal');
});
