import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createTestLog } from '../packages/audit/consume/testing/test-log.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');

test('other teams install the kit as JavaScript with declarations, without another package of Sallyport', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pack-test-'));
  try {
    const packed = await run(process.execPath, [join(root, 'scripts/pack.ts'), folder]);
    const tarball = packed.stdout.trim();
    const installed = join(folder, 'node_modules/@sallyport/audit');
    mkdirSync(installed, { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);

    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(Object.keys(manifest.exports), ['.']);
    assert.deepEqual(Object.keys(manifest.dependencies), ['amqplib', 'canonicalize', 'otplib', 'zod']);
    for (const name of ['README.md', 'LICENSE', 'examples/siem-ocsf/main.ts']) assert.ok(files.includes(name), name);
    assert.deepEqual(
      files.filter((name) => /\.test\.ts$|^record|testing/.test(name)),
      [],
    );

    for (const name of [...Object.keys(manifest.dependencies), '@types']) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    const [event] = createTestLog().add('sallyport.login.succeeded');
    writeFileSync(join(folder, 'event.json'), JSON.stringify(event));
    writeFileSync(join(folder, 'consumer.mjs'), consumer);
    const { stdout } = await run(process.execPath, ['--no-experimental-strip-types', 'consumer.mjs'], { cwd: folder });
    assert.equal(stdout, 'event altered function\n');

    writeFileSync(join(folder, 'typed.mts'), typed);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(strict));
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).catch(({ stdout }) => assert.fail(stdout));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const consumer = `
import { readFileSync } from 'node:fs';
import { consumeAudit, readEvent } from '@sallyport/audit';
const text = readFileSync('event.json', 'utf8');
const altered = readEvent(text.replace('192.0.2.7', '192.0.2.8'));
console.log(readEvent(text).outcome, altered.outcome, typeof consumeAudit);
`;

const typed = `
import { consumeAudit, createMemoryStore } from '@sallyport/audit';
consumeAudit({
  amqp: 'amqp://127.0.0.1',
  queue: 'team',
  store: createMemoryStore(),
  onEvent: { 'sallyport.login.failed': ({ type, data }) => { const only: 'sallyport.login.failed' = type; console.log(only, data.reason); } },
});
// @ts-expect-error there is no such type
consumeAudit({ amqp: '', queue: '', store: createMemoryStore(), onEvent: { 'login.failed': () => undefined } });
`;

const strict = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    skipLibCheck: false,
  },
  files: ['typed.mts'],
};
