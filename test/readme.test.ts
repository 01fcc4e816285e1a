import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createTestDatabase, databaseMissing } from './support/database.ts';
import { readQr } from './support/qr-reader.ts';
import { findProgram } from './support/servers/find-servers.ts';

/*
 * Runs the README's login as it stands against what `npm start` starts, on free ports and on a database of the suite
 * (the embedded one is other tests' work). Where oathtool is missing, the suite's own authenticator stands in for it.
 */

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const productVariable = /^(DATABASE|REDIS|AMQP|USERS|OTP|GATEWAY|OPS|ADMIN|TOKEN|AUDIT|PASSWORD|SIGNUP|PUBLIC)/;

const skip = databaseMissing || (findProgram('bash') && findProgram('curl') ? false : 'bash and curl are needed');

test('the login in the README works as it stands', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-readme-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await using database = await createTestDatabase();
  await using product = await startProduct(folder, database.url);

  const script = blockOf('bash').replace('http://127.0.0.1:8080', product.url);
  assert.notEqual(script, blockOf('bash'));
  if (!findProgram('oathtool')) {
    writeFileSync(join(folder, 'oathtool'), authenticatorScript(), { mode: 0o755 });
    t.diagnostic("oathtool is missing: the suite's own authenticator stood in for it");
  }
  const path = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    timeout: 120_000,
  });

  const me = JSON.parse(stdout.slice(stdout.lastIndexOf('{')));
  assert.equal(me.username, 'ada');
  assert.equal(me.otp_enabled, true);
  assert.equal(stdout.match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/g)?.length, 10);
  const scanned = await readQr(readFileSync(join(folder, 'qr_code.png')));
  assert.match(scanned ?? '', /^otpauth:\/\/totp\/Sallyport:ada\?secret=/);
});

test('the README names no script that package.json lacks', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const named = [...readme.matchAll(/\bnpm (?:run )?([a-z:]+)/g)].map(([, name]) => name ?? '');
  const commands = named.filter((name) => !['and', 'brings'].includes(name));
  assert.ok(commands.includes('start') && commands.includes('test'));
  assert.deepEqual(
    commands.filter((name) => scripts[name] === undefined),
    [],
  );
});

function blockOf(language: string): string {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))];
  assert.equal(blocks.length, 1, `README.md must have one ${language} block`);
  return blocks[0]?.[1] ?? '';
}

/** Understands what the README asks of oathtool: `--totp --base32 [--now '30 seconds'] SECRET`. */
function authenticatorScript(): string {
  const program = `
    import { codeAt } from ${JSON.stringify(join(root, 'test/support/authenticator.ts'))};
    const given = process.argv.slice(1);
    const later = given.includes('--now') ? Number.parseInt(given[given.indexOf('--now') + 1], 10) : 0;
    console.log(codeAt(given.at(-1), Date.now() + later * 1000));`;
  return `#!/bin/sh\nexec '${process.execPath}' --input-type=module -e '${program.replaceAll("'", `'\\''`)}' -- "$@"\n`;
}

async function startProduct(folder: string, databaseUrl: string): Promise<AsyncDisposable & { url: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !productVariable.test(name));
  const child = spawn(process.execPath, [join(root, 'supervisor/main.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(inherited),
      DATABASE_URL: databaseUrl,
      DATA_DIR: join(folder, 'data'),
      GATEWAY_PORT: '0',
      USERS_PORT: '0',
      OTP_PORT: '0',
      LOG_LEVEL: 'warn',
    },
  });
  const ended = once(child, 'exit');
  return {
    url: await readUrl(child),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const [code] = await ended;
      assert.equal(code, 0);
    },
  };
}

async function readUrl({ stdout, stderr }: ChildProcess): Promise<string> {
  if (stdout === null || stderr === null) throw new Error('no pipes');
  let log = '';
  stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  for await (const line of createInterface({ input: stdout })) {
    const [, url] = /^Sallyport is ready.* (http:\S+)/.exec(line) ?? [];
    if (url === undefined) continue;
    stdout.resume();
    return url;
  }
  throw new Error(`it ended before it was ready:\n${log}`);
}
