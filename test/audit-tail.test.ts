// `npm run audit:tail` beside a running gateway (promise 4): what happens is seen, once and in order, whatever restarts; and
// nothing that somebody sends to the product commands the terminal of who looks on.
// Runs on one back end: what it asks of stores is asked of PostgreSQL, which both have.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { canonical } from '../packages/audit/chain/canonical.ts';
import { waitForLog } from './support/audit-log.ts';
import { databaseMissing } from './support/database.ts';
import { startMoreGateway } from './support/more-parts.ts';
import { type OperatorCommand, runCommand } from './support/operator-command.ts';
import { logIn, type Person, signUp, signUpWithFactor } from './support/people.ts';
import { type Stack, startStack } from './support/stack.ts';
import { until } from './support/until.ts';

const skip = databaseMissing;

let stack: Stack;
let auditor: Person;
let url: string;

before(async () => {
  if (skip) return;
  stack = await startStack();
  url = stack.parts.gateways[0]?.url ?? '';
  auditor = await makeAuditor();
});
after(async () => {
  for (const command of commands) command.kill();
  await stack?.[Symbol.asyncDispose]();
});

const commands: OperatorCommand[] = [];

async function makeAuditor(): Promise<Person> {
  const person = await signUpWithFactor(stack, 'auditor');
  await stack.sql(`update users.account set roles = '{audit}' where id = $1`, [person.id]);
  await logIn(stack, person);
  return person;
}

function run(args: string[], env: Record<string, string> = {}): OperatorCommand {
  const given = { PUBLIC_URL: url, AUDIT_TOKEN: auditor.accessToken, ...env };
  const command = runCommand('supervisor/audit-tail.ts', args, given);
  commands.push(command);
  return command;
}

async function start(args: string[], env?: Record<string, string>): Promise<OperatorCommand> {
  const command = run(args, env);
  await until('it follows', () => command.log().includes('Following'));
  return command;
}

/** Runs it until `looks` has looked, then stops it, and gives what it wrote. */
async function tail(
  args: string[],
  looks: (command: OperatorCommand) => Promise<unknown>,
  env?: Record<string, string>,
): Promise<string> {
  const command = await start(args, env);
  await looks(command);
  command.signal('SIGINT');
  const { code, output } = await command.ended;
  assert.equal(code, 0, command.log());
  return output;
}

const untilShown = (command: OperatorCommand, text: string | RegExp) =>
  until(`${text} is shown`, () => command.output().split('\n').slice(0, -1).join('\n').match(text));

const linesOf = (output: string) => output.split('\n').slice(0, -1);
const numbersOf = (output: string) => linesOf(output).map((line) => Number(/^\S+ \S+ +(\d+) /.exec(line)?.[1]));

async function bodies(condition = 'true'): Promise<string[]> {
  await waitForLog(stack);
  const rows = await stack.sql<{ body: string }>(
    `select body from gateway.audit_event where ${condition} order by sequence`,
  );
  return rows.map((row) => row.body);
}

test('shows a login as it happens, and nothing of what was before', { skip }, async () => {
  const ada = await signUpWithFactor(stack, 'ada');
  const { length } = await bodies();
  const output = await tail([], async (command) => {
    await logIn(stack, ada);
    await untilShown(command, 'device.added');
    assert.match(command.log(), /^Following the audit log from event \d+ on\.\n$/);
  });
  const shown = linesOf(output).map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(\d+) +/, ''));
  const told = shown.map((line) => line.split(/ {2,}/).slice(0, 3).join(' '));
  const hers = told.filter((line) => line.includes(ada.username) || line.includes(ada.id));
  assert.deepEqual(hers, [
    `login.challenged success ${ada.username}`,
    `otp.verified success ${ada.id}`,
    `login.succeeded success ${ada.username}`,
    `device.added success ${ada.username}`,
  ]);
  assert.ok((numbersOf(output)[0] ?? 0) > length);
});

test('shows only the types and the account that are asked for', { skip }, async () => {
  const [bob, carl] = [await signUp(stack.api, 'bob'), await signUp(stack.api, 'carl')];
  for (const { username } of [bob, carl]) {
    await stack.api('POST', '/login', { body: { username, password: 'not it, not at all' } });
  }
  await waitForLog(stack);
  const both = await tail(['--after', '0', '--type', 'login.f*,user.signed_up'], (command) =>
    untilShown(command, new RegExp(`login\\.failed.*wrong-password  ${carl.username}`)),
  );
  const types = new Set(linesOf(both).map((line) => line.split(/ {2,}/).at(2)));
  assert.deepEqual([...types].sort(), ['login.failed', 'user.signed_up']);
  const one = await tail(['--after', '0', '--type', 'login.f*', '--subject', bob.id], (command) =>
    untilShown(command, 'login.failed'),
  );
  assert.equal(linesOf(one).length, 1);
  assert.match(one, new RegExp(`  wrong-password  ${bob.username}  127\\.0\\.0\\.1\n$`));
});

test('gives with --json the very bytes of the log, and no colours that were asked for', { skip }, async () => {
  const texts = await bodies();
  const output = await tail(
    ['--after', '0', '--json'],
    (command) => until('all is there', () => linesOf(command.output()).length >= texts.length),
    { FORCE_COLOR: '1' },
  );
  assert.deepEqual(linesOf(output).slice(0, texts.length), texts);
});

test('colours where it may, and only so', { skip }, async () => {
  const first = (env: Record<string, string>, ...args: string[]) =>
    tail(['--after', '0', ...args], (command) => untilShown(command, 'otp.enabled'), env);
  const coloured = await first({ FORCE_COLOR: '1' });
  assert.ok(coloured.includes('\u001b[32msuccess\u001b[39m'));
  const plain = await first({});
  assert.equal(plain, stripVTControlCharacters(plain));
  const count = Math.min(linesOf(coloured).length, linesOf(plain).length);
  assert.deepEqual(linesOf(stripVTControlCharacters(coloured)).slice(0, count), linesOf(plain).slice(0, count));
  const without = await first({ FORCE_COLOR: '1' }, '--no-color');
  assert.ok(!without.includes('\u001b'));
});

test('goes on without loss when the gateway was away', { skip }, async (t) => {
  const own = await startStack();
  t.after(() => own[Symbol.asyncDispose]());
  const reader = await signUpWithFactor(own, 'auditor');
  await own.sql(`update users.account set roles = '{audit}' where id = $1`, [reader.id]);
  await logIn(own, reader);
  const [gateway] = own.parts.gateways;
  const env = { PUBLIC_URL: gateway?.url ?? '', AUDIT_TOKEN: reader.accessToken };
  const output = await tail(
    ['--after', '0'],
    async (command) => {
      await untilShown(command, 'login.succeeded');
      await gateway?.close();
      await until('it says so', () => command.log().includes("can't be reached"));
      const elsewhere = await startMoreGateway(own, {});
      const dora = await signUp(elsewhere.api, 'dora');
      await waitForLog(own);
      await elsewhere[Symbol.asyncDispose]();
      const again = await startMoreGateway(own, { GATEWAY_PORT: new URL(env.PUBLIC_URL).port });
      t.after(() => again[Symbol.asyncDispose]());
      await untilShown(command, dora.username);
      const eve = await signUp(again.api, 'eve');
      await untilShown(command, eve.username);
      // A gateway that is closing may still answer on a connection that it has.
      const told = command.log().trim().split('\n').slice(1);
      const away = `The gateway at ${env.PUBLIC_URL} can't be reached (ECONNREFUSED). Trying again.`;
      const back = 'The gateway is back.';
      assert.deepEqual(
        told,
        told.map((_, at) => (at % 2 === 0 ? away : back)),
      );
      assert.equal(told.at(-1), back);
    },
    env,
  );
  assert.deepEqual(
    numbersOf(output),
    linesOf(output).map((_, at) => at + 1),
  );
});

test('no event commands the terminal, and what is not as its hash says is told loudly', { skip }, async () => {
  const agent = 'browser\u009b31m';
  await stack.api('POST', '/login', {
    body: { username: '\u001b[2Jnobody', password: 'not it, not at all' },
    headers: { 'user-agent': agent },
  });
  const real = await bodies();
  const [first, second, third] = real.map((body) => JSON.parse(body));
  const personal = { ...second.data.personal, username: '\u001b]0;owned\u0007\u009b31m', user_agent: agent };
  const texts = [first, { ...second, data: { ...second.data, personal } }, third].map(canonical);
  await using hostile = await serveLog([...texts, 'no event \u001b[2J']);
  const harmless = [2, 22, 31, 32, 39].map((colour) => `\u001b[${colour}m`);
  const show = async (from: string, count: number, ...args: string[]) => {
    let log = '';
    const output = await tail(
      ['--after', '0', '--url', from, ...args],
      async (command) => {
        await until('all is there', () => linesOf(command.output()).length >= count);
        if (from === hostile.url) await until('it is told', () => command.log().includes('no audit event'));
        log = command.log();
      },
      { FORCE_COLOR: '1' },
    );
    const bare = harmless.reduce((text, colour) => text.replaceAll(colour, ''), output);
    assert.doesNotMatch(bare.replaceAll('\n', ''), /\p{Cc}/u);
    return linesOf(log).slice(1);
  };
  for (const args of [[], ['--json']]) {
    assert.deepEqual(await show(url, real.length, ...args), []);
    assert.deepEqual(await show(hostile.url, texts.length, ...args), [
      "\u001b[31mThe personal data of event 2 isn't what its hash says: it was altered.\u001b[39m",
      '\u001b[31mWhat comes after event 3 is no audit event.\u001b[39m',
    ]);
  }
});

/** A gateway that gives these texts and then nothing. */
const serveLog = (texts: string[]) =>
  serve((req, res) => {
    const isFirst = new URL(req.url ?? '', 'http://localhost').searchParams.get('after') === '0';
    res.setHeader('X-Last-Sequence', texts.length);
    res.end(isFirst ? texts.map((text) => `${text}\n`).join('') : '');
  });

async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('ends at once and cleanly by either signal, and when nobody reads it any more', { skip }, async () => {
  for (const end of ['SIGINT', 'SIGTERM'] as const) {
    const command = await start([]);
    const asked = performance.now();
    command.signal(end);
    assert.equal((await command.ended).code, 0, end);
    assert.ok(performance.now() - asked < 5_000, end);
  }
  const piped = await start([]);
  piped.hangUp();
  await signUp(stack.api, 'frank');
  const { code, log } = await piped.ended;
  assert.deepEqual([code, linesOf(log).length], [0, 1], log);
});

test('says in a sentence why it can not', { skip }, async () => {
  await using other = await serve((_, res) => void res.end('<h1>Welcome</h1>'));
  const citizen = await signUpWithFactor(stack, 'gina');
  const single = await signUp(stack.api, 'hugo');
  await stack.sql(`update users.account set roles = '{audit}' where id = $1`, [single.id]);
  const cases: [string[], Record<string, string>, 1 | 2, RegExp][] = [
    [[], { AUDIT_TOKEN: 'wrong.wrong.wrong' }, 1, /^AUDIT_TOKEN is not taken/],
    [[], { AUDIT_TOKEN: 'secret\nsecret' }, 1, /^AUDIT_TOKEN is no token/],
    [[], { AUDIT_TOKEN: '' }, 1, /^Set AUDIT_TOKEN/],
    [[], { AUDIT_REFRESH_TOKEN: `${randomUUID()}.1.secret` }, 1, /^AUDIT_REFRESH_TOKEN is used up/],
    [[], { AUDIT_TOKEN: citizen.accessToken }, 1, /needs the role audit or admin, and a second factor/],
    [[], { AUDIT_TOKEN: single.accessToken }, 1, /and a second factor/],
    [['--url', other.url], {}, 1, /^This is no audit log of Sallyport: the answer was 200\./],
    [['--type', 'otp.fialed'], {}, 2, /is it otp\.failed\?/],
  ];
  for (const [args, env, code, says] of cases) {
    const ended = await run(args, env).ended;
    assert.equal(ended.code, code, `${says}: ${ended.log}`);
    assert.match(ended.log, says);
    assert.match(ended.log, /^[^\n]+\n$/);
    assert.ok(!/secret|wrong\.wrong/.test(ended.log), ended.log);
  }
  const help = await run(['--help']).ended;
  assert.equal(help.code, 0);
  assert.match(help.output, /--subject ID/);
});

test('with a refresh token it goes on when the access token has ended; an old one is told', { skip }, async () => {
  const reader = await makeAuditor();
  const env = { AUDIT_TOKEN: '', AUDIT_REFRESH_TOKEN: reader.refreshToken };
  await tail(
    ['--type', 'user.signed_up'],
    async (command) => {
      stack.clock.advance(700_000);
      for (const name of ['ivy', 'jack']) {
        const { username } = await signUp(stack.api, name);
        await untilShown(command, username);
      }
    },
    env,
  );
  const { code, log } = await run([], env).ended;
  assert.equal(code, 1);
  assert.match(log, /^AUDIT_REFRESH_TOKEN is used up, or its session has ended/);
});
