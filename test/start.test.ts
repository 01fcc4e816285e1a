/*
 * `npm start` as a newcomer meets it: in a fresh clone that only its owner may enter, without a variable but free ports.
 * The tests tell one story, in order: a first start and what goes wrong beside it and in it; a stop and a second start
 * that finds everything again; and the ways to end it.
 */
import assert from 'node:assert/strict';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered } from './support/api.ts';
import { type Clone, cloneMissing, createClone } from './support/clone.ts';
import { runNpm } from './support/npm-script.ts';
import { expect } from './support/people.ts';
import { logInWithPhone, type PhoneOwner, phoneNotes, signUpWithPhone } from './support/phone.ts';
import { cameBack, freePorts, type RunningProduct, startProduct } from './support/running-product.ts';
import { signalAll, waitForEnd } from './support/servers/processes.ts';
import { until } from './support/until.ts';

const skip =
  process.env.TEST_BACKEND === 'real' ? "npm start's own stores are tested with the embedded back end" : cloneMissing;

describe('npm start in a fresh clone', { skip }, () => {
  let clone: Clone;
  let product: RunningProduct;
  let ada: PhoneOwner;
  before(() => {
    clone = createClone();
    chmodSync(dirname(clone.folder), 0o700);
  });
  after(async () => {
    await product?.[Symbol.asyncDispose]();
    clone[Symbol.dispose]();
  });

  async function start(): Promise<void> {
    product = await startProduct(clone.folder);
  }

  it('says on stdout where it is ready', async (t) => {
    await start();
    t.diagnostic(`ready ${seconds(product.startedInMs)} after the command, the database made`);
    assert.match(product.output(), /^Sallyport is ready http:\/\/127\.0\.0\.1:\d+$/m);
    assert.equal((await product.api('GET', '/healthz')).status, 200);
  });

  it('lets somebody with a phone in', async (t) => {
    for (const note of phoneNotes) t.diagnostic(note);
    ada = await signUpWithPhone(product.api);
    const { body } = await logInWithPhone(product.api, ada);
    assert.equal(body.status, 'complete');
    const me = expect(200, await product.api('GET', '/me', { token: body.access_token }));
    assert.equal(me.body.username, ada.username);
    assert.equal(me.body.otp_enabled, true);
  });

  it('logs on stderr alone, one JSON object a line', () => {
    assert.doesNotMatch(product.output(), /^\{/m);
    const lines = product.log().trim().split('\n');
    assert.ok(lines.length > 5);
    for (const line of lines) assert.equal(typeof JSON.parse(line).msg, 'string', line);
  });

  it('keeps its keys and its data to itself', () => {
    assert.equal(statSync(product.dataFolder).mode & 0o777, 0o700);
    assert.equal(statSync(join(product.dataFolder, 'keys.json')).mode & 0o777, 0o600);
  });

  it('refuses a data folder that another one uses', async () => {
    await refuses({}, /^The data folder .*\.data is in use by another Sallyport \(process \d+\): .*DATA_DIR/);
  });

  it('refuses a busy port', async () => {
    const { port } = new URL(product.url);
    await refuses(
      { DATA_DIR: 'other', GATEWAY_PORT: port },
      new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use: .*GATEWAY_PORT`),
    );
  });

  it("refuses a data folder that can't be", async () => {
    writeFileSync(join(clone.folder, 'a-file'), '');
    await refuses(
      { DATA_DIR: 'a-file/data' },
      /^The data folder .*a-file\/data can't be written \(ENOTDIR\): set DATA_DIR/,
    );
  });

  it("refuses a database that can't be reached, without its password", async () => {
    await refuses(
      { DATA_DIR: 'other', DATABASE_URL: 'postgres://ada:secret@127.0.0.1:1/sallyport' },
      /^DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/sallyport can't be reached \((?!.*secret)/,
    );
  });

  it("refuses a Redis that can't be reached, without its password", async () => {
    for (const [url, hosts] of [
      ['redis://ada:secret@127.0.0.1:1', '127.0.0.1:1'],
      ['redis+sentinel://:secret@127.0.0.1:1/name?sentinel_password=secret', '127.0.0.1:1'],
    ]) {
      await refuses(
        { DATA_DIR: 'other', REDIS_URL: url ?? '' },
        new RegExp(`^REDIS_URL: Redis at ${hosts} can't be reached \\((?!.*secret)`),
      );
    }
  });

  it('refuses wrong variables, all in one message', async () => {
    const faults = {
      USERS_PORT: 'eighty',
      BCRYPT_COST: '99',
      OTP_WINDOW: '11',
      SIGNUP: 'maybe',
      REDIS_URL: 'http://x',
    };
    const { log } = await refuses({ DATA_DIR: 'other', ...faults });
    const [heading, ...lines] = log.trim().split('\n');
    assert.match(heading ?? '', /configuration can't be used:$/);
    assert.deepEqual(lines.map((line) => line.match(/^ {2}(\w+): \S/)?.[1]).sort(), Object.keys(faults).sort());
  });

  for (const name of ['users', 'otp', 'gateway', 'postgres'] as const) {
    it(`starts ${name} again when it is killed`, async () => {
      const killed = product.find(name);
      signalAll([killed], 'SIGKILL');
      await cameBack(product, name, killed);
      assert.match(product.log(), new RegExp(`${name} ended \\(SIGKILL\\); it is started again in [\\d.]+ s`));
      await logInAgain();
    });
  }

  it('stops on SIGTERM to npm: exit 0, no process and no port left', async (t) => {
    const from = performance.now();
    product.signal('SIGTERM');
    assert.deepEqual(await product.end(), { code: 0, signal: null, left: [] });
    t.diagnostic(`stopped within ${seconds(performance.now() - from)}`);
  });

  it('finds the account at the second start, soon, and demands the code', async (t) => {
    await start();
    t.diagnostic(`ready ${seconds(product.startedInMs)} after the command`);
    assert.ok(product.startedInMs < 30_000);
    await logInAgain();
  });

  it('takes SIGINT twice within a second as one, and finishes what it began', async () => {
    const request = await beginRequest(product.url);
    product.signal('SIGINT');
    await sleep(300);
    product.signal('SIGINT');
    await sleep(200);
    assert.match(await request.finish(), /^HTTP\/1\.1 422 /);
    assert.deepEqual(await product.end(), { code: 0, signal: null, left: [] });
  });

  it('ends at once on a later second signal', async () => {
    await start();
    const pids = product.pids();
    await beginRequest(product.url);
    product.signal('SIGTERM');
    await sleep(1_500);
    assert.equal(await waitForEnd(pids, 0), false);
    const from = performance.now();
    product.signal('SIGTERM');
    const { code, left } = await product.end();
    assert.notEqual(code, 0);
    assert.deepEqual(left, []);
    assert.ok(performance.now() - from < 6_000);
  });

  it('leaves nothing behind when it is killed', async () => {
    await start();
    signalAll([product.find('supervisor')], 'SIGKILL');
    const { code, left } = await product.end();
    assert.notEqual(code, 0);
    assert.deepEqual(left, []);
  });

  it('comes up again after that, and stops on a Ctrl-C, which reaches npm and itself', async () => {
    await start();
    await logInAgain();
    product.signalGroup('SIGINT');
    assert.deepEqual(await product.end(), { code: 0, signal: null, left: [] });
  });

  /** A start that is refused: exit 1, one sentence on stderr, no stack, nothing on stdout but npm's headings. */
  async function refuses(env: Record<string, string>, sentence = /./): Promise<{ log: string }> {
    await using script = runNpm(clone.folder, ['start'], { ...freePorts, ...env });
    assert.deepEqual(await script.ended, { code: 1, signal: null });
    const log = script.log();
    assert.match(log, sentence);
    if (sentence.source !== '.') assert.equal(log.trim().split('\n').length, 1, log);
    assert.doesNotMatch(log, /^ +at /m);
    assert.doesNotMatch(script.output(), /ready|^\{/m);
    return { log };
  }

  /** The password, the demand of a code, and a recovery code; from the start again while parts come back. */
  async function logInAgain(): Promise<void> {
    const recovery_code = ada.recoveryCodes.pop();
    await until('a login is served', () => tryLogin(recovery_code), { everyMs: 250 });
  }

  async function tryLogin(recovery_code: string | undefined): Promise<boolean> {
    const { username, password } = ada;
    const first = await call('/login', { username, password });
    if (first === undefined) return false;
    assert.equal(first.body.status, 'otp_required');
    const second = await call('/login/otp', { challenge: first.body.challenge, recovery_code });
    return second?.body.status === 'complete';
  }

  /** The answer, or undefined where nobody could give one. */
  async function call(path: string, body: object): Promise<Answered | undefined> {
    try {
      const answer = await product.api('POST', path, { body });
      return answer.status === 503 ? undefined : expect(200, answer);
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }
});

/** A call whose last byte is missing until `finish`, which resolves to the answer. */
async function beginRequest(url: string): Promise<{ finish(): Promise<string> }> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const head = ['POST /login HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', 'Content-Length: 2'];
  await new Promise<void>((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n{`, () => resolve()));
  await sleep(200);
  return {
    async finish() {
      socket.end('}');
      await closed;
      return answer;
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
