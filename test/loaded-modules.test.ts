import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const ask = `console.log(process.moduleLoadList.some((name) => name.endsWith('internal/deps/undici/undici')))`;

for (const start of ['services/users/start-users.ts', 'services/otp/start-otp.ts', 'gateway/start-gateway.ts']) {
  test(`${start} loads no second HTTP client with Node's own fetch, 6 MB that nothing uses`, () => {
    const script = `await import('./${start}'); ${ask}`;
    const answer = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    assert.equal(answer.trim(), 'false');
  });
}
