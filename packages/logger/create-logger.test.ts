import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const names = [
  'password',
  'current_password',
  'new_password',
  'otp',
  'code',
  'recovery_code',
  'recovery_codes',
  'secret',
];
const moreNames = ['otpauth_uri', 'qr_code', 'challenge', 'access_token', 'refresh_token', 'device_token'];
const headers = ['authorization', 'cookie'];
const canary = 'canary-4f1c';

test('redacts every name of a secret, two levels deep (promise 7)', () => {
  const script = `
    const { createLogger } = await import('./packages/logger/index.ts');
    const logger = createLogger('test', 'info');
    for (const name of process.argv.slice(2)) {
      const one = { [name]: process.argv[1] };
      logger.info({ name, ...one, in: one, deep: { in: one } }, 'said');
    }`;
  const secretNames = [...names, ...moreNames, ...headers];
  const all = [process.execPath, '--input-type=module', '-e', script, canary, ...secretNames];
  // What goes to stderr is handed on to stdout, where it can be read.
  const log = execFileSync('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...all], {
    cwd: `${import.meta.dirname}/../..`,
    encoding: 'utf8',
  });
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).name),
    secretNames,
  );
  assert.deepEqual(
    lines.filter((line) => line.includes(canary)).map((line) => JSON.parse(line).name),
    [],
  );
});
