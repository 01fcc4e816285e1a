// What is refused before it is looked at is recorded, and a flood of attempts becomes few events whose counts add up to
// every one of them (promise 4).
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { untilMinuteIsYoung } from '../gateway/audit/testing/folds.ts';
import { endSoundly } from './support/assert-sound.ts';
import { answered, atOnce, fewAtOnce, tally } from './support/at-once.ts';
import { type LoggedEvent, readLog } from './support/audit-log.ts';
import { startMoreGateway } from './support/more-parts.ts';
import {
  challengeOf,
  enrol,
  expect,
  expectProblem,
  nextCode,
  type Person,
  signUp,
  signUpWithFactor,
  tokensOf,
  wrongCode,
} from './support/people.ts';
import { startProxy } from './support/proxy.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const admin = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
const wrong = 'not the password';
const trying = { ADDRESS_FAILURES: '6', PASSWORD_TRIES_PER_ADDRESS: '3', SIGNUPS_PER_ADDRESS: '2' };

let stack: Stack;
before(async () => {
  const limits = { PASSWORD_TRIES_PER_ADDRESS: '0', PASSWORD_SLOW_AFTER: '0', OTP_LOCK_AFTER: '3' };
  stack = await startStack({ env: { ADMIN_USERNAME: admin.username, ADMIN_PASSWORD: admin.password, ...limits } });
});
after(() => endSoundly(stack));

const logIn = (on: Stack, { username, password }: Pick<Person, 'username' | 'password'>, from: string) =>
  on.api('POST', '/login', { from, body: { username, password } });

/** An address stands in the personal part alone. */
const ipOf = (event: LoggedEvent) => (event.data as unknown as { personal: { ip: string } }).personal.ip;

async function eventsFrom(from: string, type: string, on = stack): Promise<LoggedEvent[]> {
  return (await readLog(on)).filter((event) => event.type === `sallyport.${type}` && ipOf(event) === from);
}

const reasonsOf = (events: LoggedEvent[]) => events.map(({ subject, data }) => [data.reason, subject]);
const attemptsIn = (events: LoggedEvent[]) => events.reduce((sum, event) => sum + (event.data.count ?? 0), 0);

test('150 wrong passwords of an account at once are few events that count each of them', async () => {
  const ada = await signUp(stack.api);
  const from = '203.0.113.1';
  await untilMinuteIsYoung({ query: stack.sql });
  const answers = [];
  for (let wave = 0; wave < 3; wave += 1) {
    answers.push(...(await atOnce(50, () => logIn(stack, { ...ada, password: wrong }, from))));
  }
  const { 'invalid-credentials': looked = 0, ...others } = tally(answered(answers));
  assert.deepEqual(others, {});
  assert.ok(looked > 60, `${looked} were looked at`);
  const events = await eventsFrom(from, 'login.failed');
  assert.equal(attemptsIn(events), looked);
  assert.ok(events.length <= 62, `${events.length} events`);
  assert.deepEqual([...new Set(reasonsOf(events).map(String))], [`wrong-password,${ada.id}`]);
});

test('what a limit refuses leaves login.blocked with its reason, of an account only where a session shows it', async () => {
  await using limited = await startStack({ env: trying });
  const ada = await signUp(limited.api);
  const signUpFrom = (from: string, at: number) =>
    limited.api('POST', '/signup', {
      from,
      body: { username: `eve-${at}@example.com`, password: `a long pass phrase ${at}` },
    });

  const passwords = '203.0.113.2';
  for (let at = 0; at < 3; at += 1) await logIn(limited, { ...ada, password: wrong }, passwords);
  expectProblem(429, 'too-many-attempts', await logIn(limited, ada, passwords));
  const reauthenticate = (password: string) =>
    limited.api('POST', '/reauthenticate', { token: ada.accessToken, from: passwords, body: { password } });
  for (let at = 0; at < 3; at += 1) await reauthenticate(wrong);
  expectProblem(429, 'too-many-attempts', await reauthenticate(ada.password));
  assert.deepEqual(reasonsOf(await eventsFrom(passwords, 'login.blocked', limited)), [
    ['too-many-passwords', undefined],
    ['too-many-passwords', ada.id],
  ]);

  const signups = '203.0.113.3';
  for (let at = 0; at < 2; at += 1) expect(201, await signUpFrom(signups, at));
  expectProblem(429, 'too-many-attempts', await signUpFrom(signups, 2));
  assert.deepEqual(reasonsOf(await eventsFrom(signups, 'login.blocked', limited)), [['too-many-signups', undefined]]);

  const failures = '203.0.113.4';
  const names = ['one', 'two'].flatMap((name) => Array(3).fill(`${name}@example.com`));
  for (const username of names) await logIn(limited, { username, password: wrong }, failures);
  const refused = [
    await logIn(limited, ada, failures),
    await limited.api('POST', '/login/otp', { from: failures, body: { challenge: 'A'.repeat(43), otp: '123456' } }),
    await limited.api('POST', '/token/refresh', { from: failures, body: { refresh_token: 'none' } }),
    await limited.api('POST', '/token/refresh', { from: failures, raw: '{' }),
    await signUpFrom(failures, 3),
  ];
  for (const answer of refused) expectProblem(429, 'too-many-attempts', answer);
  assert.deepEqual(
    reasonsOf(await eventsFrom(failures, 'login.blocked', limited)),
    refused.map(() => ['too-many-failures', undefined]),
  );
});

test('the events of refused guesses at a name are the same whether or not it is an account', async () => {
  await using limited = await startStack({ env: trying });
  const ada = await signUp(limited.api);
  const guess = async (username: string, from: string) => {
    for (let at = 0; at < 3; at += 1) await logIn(limited, { username, password: wrong }, from);
    expectProblem(429, 'too-many-attempts', await logIn(limited, { username, password: ada.password }, from));
  };
  const told = async (from: string) => {
    const [event, ...others] = await eventsFrom(from, 'login.blocked', limited);
    assert.ok(event);
    assert.deepEqual(others, []);
    const { reason, actor, target, personal } = event.data as unknown as Record<string, { username?: string }>;
    return { subject: event.subject, reason, actor, target, username: personal?.username };
  };
  await guess(ada.username, '203.0.113.5');
  await guess('nobody@example.com', '203.0.113.6');
  assert.deepEqual(await told('203.0.113.5'), await told('203.0.113.6'));
});

test('a code that comes while codes are locked leaves login.blocked of the account, and no failure', async () => {
  const ada = await signUpWithFactor(stack);
  const { accessToken: token, username, password } = ada;
  const from = '203.0.113.7';
  const challenge = await challengeOf(stack.api, ada, { from });
  for (let at = 0; at < 3; at += 1) {
    const otp = wrongCode(stack, ada);
    expect(401, await stack.api('POST', '/login/otp', { from, body: { challenge, otp } }));
    expect(401, await stack.api('POST', '/reauthenticate', { token, from, body: { password, otp } }));
  }
  const otp = nextCode(stack, ada);
  const refused = [
    await stack.api('POST', '/login/otp', { from, body: { challenge, otp } }),
    await stack.api('POST', '/login', { from, body: { username, password, otp } }),
    await stack.api('POST', '/reauthenticate', { token, from, body: { password, otp } }),
    await stack.api('PUT', '/auth/otp/disable', { token, from, body: { password, otp } }),
    await stack.api('POST', '/auth/otp/recovery_codes', { token, from, body: { otp } }),
  ];
  for (const answer of refused) expectProblem(429, 'too-many-attempts', answer);
  const events = await eventsFrom(from, 'login.blocked');
  assert.deepEqual(
    reasonsOf(events),
    refused.map(() => ['codes-locked', ada.id]),
  );
  assert.equal(attemptsIn(await eventsFrom(from, 'login.failed')), 3);
});

test('a blocked address leaves login.blocked where it brings a credential; a flood of its calls few, that count all', async () => {
  const login = expect(200, await stack.api('POST', '/login', { body: admin }));
  const root = await enrol(stack, { ...admin, id: login.body.user.id, ...tokensOf(login), recoveryCodes: [] });
  const from = '203.0.113.8';
  const order = { token: root.accessToken, body: { cidr: from, reason: 'guesses all day' } };
  expect(201, await stack.api('POST', '/admin/ip_blocks', order));
  const ada = await signUp(stack.api);
  const refresh = () => stack.api('POST', '/token/refresh', { from, body: { refresh_token: ada.refreshToken } });
  expectProblem(403, 'address-blocked', await refresh());
  for (const path of ['/me', '/.well-known/jwks.json', '/verify']) {
    expectProblem(403, 'address-blocked', await stack.api('GET', path, { from, token: ada.accessToken }));
  }
  assert.deepEqual(reasonsOf(await eventsFrom(from, 'login.blocked')), [['address-blocked', undefined]]);

  await untilMinuteIsYoung({ query: stack.sql });
  const answers = await atOnce(500, (at) => (at % 2 === 0 ? refresh() : logIn(stack, ada, from)));
  const { 'address-blocked': refused = 0, ...others } = tally(answered(answers));
  assert.deepEqual(others, {});
  assert.ok(refused > 60);
  const events = await eventsFrom(from, 'login.blocked');
  assert.equal(attemptsIn(events), 1 + refused);
  assert.ok(events.length <= 63, `${events.length} events`);
});

test('what changes state is never folded: seventy rotations are seventy events', async () => {
  const ada = await signUp(stack.api);
  const from = '203.0.113.9';
  for (let at = 0; at < 70; at += 1) {
    const answer = await stack.api('POST', '/token/refresh', { from, body: { refresh_token: ada.refreshToken } });
    Object.assign(ada, tokensOf(expect(200, answer)));
  }
  const counts = (await eventsFrom(from, 'session.refreshed')).map(({ data }) => data.count);
  assert.deepEqual(counts, Array(70).fill(1));
});

test('a limited address is refused while PostgreSQL is away, and recorded again as soon as it is back', async () => {
  const { hostname, port } = new URL(stack.databaseUrl);
  await using way = await startProxy(hostname, Number(port || 5432));
  const DATABASE_URL = Object.assign(new URL(stack.databaseUrl), { host: `127.0.0.1:${way.port}` }).href;
  await using gateway = await startMoreGateway(stack, { DATABASE_URL, ADDRESS_FAILURES: '3' });
  const on = { ...stack, api: gateway.api };
  const ada = await signUp(stack.api);
  const from = '203.0.113.10';
  for (let at = 0; at < 3; at += 1) expect(401, await logIn(on, { ...ada, password: wrong }, from));
  expectProblem(429, 'too-many-attempts', await logIn(on, ada, from));
  await way.refuse();
  way.cut();
  const answers = await fewAtOnce(10, () => logIn(on, ada, from));
  assert.deepEqual(tally(answers), { unavailable: 10 });
  await way.accept();
  await until('it is told of its limit', async () => (await logIn(on, ada, from)).status === 429);
  assert.ok(attemptsIn(await eventsFrom(from, 'login.blocked')) >= 2);
});
