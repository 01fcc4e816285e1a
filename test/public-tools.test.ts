// Attackers' public tools against a running Sallyport, one process a part: hydra and ffuf guess, sqlmap injects,
// slowhttptest holds connections. Each is Debian's package of that name. They run for some minutes, on the loopback
// interface only, and only with SALLYPORT_CHAOS=1.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect, signUp, tokensOf } from './support/people.ts';
import { enrolOwner, type Owner, provePassword, signUpEnrolled } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { findProgram } from './support/servers/find-servers.ts';
import { until } from './support/until.ts';

const chaos = process.env.SALLYPORT_CHAOS === '1';
const run = promisify(execFile);
const credentials = { username: 'root@example.com', password: 'a long pass phrase of the admin' };
const json = 'Content-Type: application/json';

let stack: ProcessStack;
let url: string;
let folder: string;

before(async () => {
  if (!chaos) return;
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tools-'));
  const { username, password } = credentials;
  stack = await startProcessStack({ env: { ADMIN_USERNAME: username, ADMIN_PASSWORD: password } });
  url = stack.gateway.url;
});
after(async () => {
  if (!chaos) return;
  rmSync(folder, { recursive: true });
  await stack[Symbol.asyncDispose]();
});

/** Why a test with this program is skipped, if it is. */
function lacking(name: string): string | false {
  if (!chaos) return 'SALLYPORT_CHAOS is not set';
  return findProgram(name) ? false : `${name} is not installed`;
}

/** What the program wrote, whatever its exit code. */
async function play(name: string, args: string[]): Promise<string> {
  const options = { cwd: folder, timeout: 300_000, maxBuffer: 64_000_000 };
  const ended = await run(findProgram(name) ?? '', args, options).catch((error) => error);
  assert.ok(!ended.killed, `${name} did not end`);
  return stripVTControlCharacters(`${ended.stdout}${ended.stderr}`);
}

function writeLines(name: string, lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** The events of a type that name this text, once all of them are recorded. */
async function countEvents(type: string, subject: string): Promise<number> {
  await until('the outbox is empty', async () => (await stack.sql('select from gateway.outbox')).length === 0);
  const found = await stack.sql(
    "select from gateway.audit_event where type = $1 and (subject::text = $2 or body like '%' || $2 || '%')",
    [`sallyport.${type}`, subject],
  );
  return found.length;
}

/** How many answers the gateway gave, by status. */
async function countAnswers(): Promise<Map<string, number>> {
  const text = await (await fetch(`${stack.gateway.opsUrl}/metrics`)).text();
  const counts = new Map<string, number>();
  for (const [, status = '', count] of text.matchAll(
    /^http_request_duration_seconds_count\{.*status="(\d+)".*\} (\d+)$/gm,
  )) {
    counts.set(status, (counts.get(status) ?? 0) + Number(count));
  }
  return counts;
}

async function assertNoFault(): Promise<void> {
  const counts = await countAnswers();
  assert.equal(counts.get('500') ?? 0, 0, 'an answer was a 500');
  for (const part of stack.parts) assert.ok(part.pid(), `${part.name} ended`);
}

test('hydra finds no password behind the limit', { skip: lacking('hydra') }, async () => {
  const { id, username, password } = await signUp(stack.api);
  const wrong = Array.from({ length: 400 }, (_, at) => `a wrong pass phrase ${at}`);
  const list = writeLines('passwords', [...wrong, password]);
  const form = `/login:{"username"\\:"^USER^","password"\\:"^PASS^"}:H=${json.replace(':', '\\:')}:S=access_token`;
  const { hostname, port } = new URL(url);
  const said = await play('hydra', [
    '-I',
    '-t',
    '8',
    '-l',
    username,
    '-P',
    list,
    '-s',
    port,
    hostname,
    'http-post-form',
    form,
  ]);
  assert.match(said, / 0 valid passwords? found/);
  assert.equal(await countEvents('login.failed', id), 10);
  await assertNoFault();
});

test('ffuf finds no code behind a challenge, and no way in that is not in the table', {
  skip: lacking('ffuf'),
}, async () => {
  const ada = await signUpEnrolled(stack.api);
  const { challenge } = expect(200, await provePassword(stack.api, ada)).body;
  const codes = writeLines(
    'codes',
    Array.from({ length: 5_000 }, (_, at) => String(at * 200).padStart(6, '0')),
  );
  const fuzz = async (list: string, target: string, ...more: string[]) => {
    await play('ffuf', [
      '-s',
      '-t',
      '20',
      '-mc',
      'all',
      '-w',
      list,
      '-u',
      target,
      '-of',
      'json',
      '-o',
      'found',
      ...more,
    ]);
    const { results } = JSON.parse(readFileSync(join(folder, 'found'), 'utf8'));
    return results as { status: number; url: string; input: { FUZZ: string } }[];
  };
  const body = JSON.stringify({ challenge, otp: 'FUZZ' });
  const guesses = await fuzz(
    codes,
    `${url}/login/otp`,
    '-X',
    'POST',
    '-H',
    json,
    '-H',
    'X-Forwarded-For: FUZZ',
    '-d',
    body,
  );
  assert.ok(guesses.length > 4_900);
  assert.deepEqual([...new Set(guesses.map((guess) => guess.status))], [401]);
  assert.equal(await countEvents('otp.failed', ada.id), 5);

  const inner = [
    'passwords/verify',
    'codes/verify',
    'enrolments/confirm',
    'factors/disable',
    'accounts',
    'flags',
    'readyz',
  ];
  const spelt = inner.flatMap((path) => [
    path,
    `/${path}`,
    path.toUpperCase(),
    path.replace('/', '%2f'),
    `./${path}`,
    `docs/../${path}`,
    `docs/%2e%2e/${path}`,
    `docs/..%5c${path}`,
    `${path};a=b`,
    `${path}%00`,
    `internal/${path}`,
    `users/${path}`,
    `otp/${path}`,
  ]);
  const secret = [
    'metrics',
    'admin',
    '.env',
    '.git/config',
    '.data',
    'package.json',
    'docs/..%2f..%2fpackage.json',
    'debug',
  ];
  const paths = writeLines('paths', [...spelt, ...secret]);
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    const answers = await fuzz(paths, `${url}/FUZZ`, '-X', method, '-H', json, '-H', 'X-User-Id: FUZZ');
    const open = answers.filter(({ status }) => ![400, 404, 405].includes(status));
    assert.deepEqual(
      open.map(({ status, url: at }) => `${method} ${at} ${status}`),
      [],
    );
    assert.ok(answers.length > 80);
  }
  await assertNoFault();
});

test('sqlmap finds no injection', { skip: lacking('sqlmap') }, async () => {
  const first = expect(200, await stack.api('POST', '/login', { body: credentials }));
  const root: Owner = { ...credentials, id: first.body.user.id, ...tokensOf(first), recoveryCodes: [], lastStep: 0 };
  const { accessToken, refreshToken, deviceToken } = await enrolOwner(stack.api, root);
  const { id, username, password } = await signUp(stack.api);
  const targets: [string, object?][] = [
    ['/signup', { username: 'ada*', password: 'a long pass phrase*' }],
    ['/login', { username: `${username}*`, password: `${password}*`, device_token: `${deviceToken}*` }],
    ['/login/otp', { challenge: 'c*', otp: '123456*' }],
    ['/token/refresh', { refresh_token: `${refreshToken}*` }],
    ['/verify', { token: `${accessToken}*` }],
    ['/admin/users?username=ada*'],
    [`/admin/users/${id}*`],
    [`/admin/users/${id}*/lock`, { reason: 'a reason*' }],
    ['/admin/ip_blocks', { cidr: '192.0.2.0/24*', reason: 'a reason*', expires_in: '60*' }],
    [`/audit/events?after=0*&limit=10*&subject=${id}*&type=sallyport.login.failed*`],
    ['/sessions'],
  ];
  const before = (await stack.sql('select from users.account')).length;
  for (const [path, body] of targets) {
    const post = body ? ['--method=POST', '-H', json, '--data', JSON.stringify(body)] : [];
    const always = ['--batch', '--disable-coloring', '--flush-session', '--output-dir=sqlmap', '--dbms=PostgreSQL'];
    const depth = ['--level=2', '--risk=2', '--technique=BEUST', '--time-sec=2', '--threads=4', '--ignore-code=*'];
    const header = ['-H', `Authorization: Bearer ${accessToken}`];
    const said = await play('sqlmap', [...always, ...depth, ...header, ...post, '-u', `${url}${path}`]);
    assert.match(said, /all tested parameters do not appear to be injectable/, `${path}: ${said.slice(-2_000)}`);
  }
  const answered = [...(await countAnswers()).values()].reduce((sum, count) => sum + count, 0);
  assert.ok(answered > 1_000, `only ${answered} answers`);
  const grown = (await stack.sql('select from users.account')).length - before;
  console.log(`# ${answered} answers, ${grown} names signed up by sqlmap`);
  await assertNoFault();
});

test('slowhttptest causes no outage', { skip: lacking('slowhttptest') }, async () => {
  const common = ['-c', '1000', '-r', '300', '-i', '5', '-x', '24', '-p', '3', '-l', '25', '-g', '-o', 'slow'];
  const modes = [
    ['-H', '-u', `${url}/login`, '-t', 'GET'],
    ['-B', '-u', `${url}/login`, '-t', 'POST', '-f', 'application/json', '-s', '8192'],
    ['-X', '-u', `${url}/openapi.json`, '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '3'],
  ];
  for (const mode of modes) {
    const said = await play('slowhttptest', [...common, ...mode]);
    assert.match(said, /service available:\s+YES/, said.slice(-2_000));
    assert.doesNotMatch(said, /service available:\s+NO/, `${mode[0]}: an outage`);
    const attempted = readFileSync(join(folder, 'slow.csv'), 'utf8').trim().split('\n').at(-1) ?? '';
    console.log(`# slowhttptest ${mode[0]}: last of seconds,closed,pending,connected,available: ${attempted}`);
  }
  await assertNoFault();
});
