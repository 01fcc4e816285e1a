import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseEnv } from 'node:util';
import { createEnvFile } from './create-env-file.ts';
import { keyNames } from './generate-keys.ts';

it('writes every secret that the parts and their stores need, fresh each time, and nothing to be quoted', () => {
  const [one, other] = [parseEnv(createEnvFile()), parseEnv(createEnvFile())];
  for (const name of [...keyNames, 'REDIS_PASSWORD', 'RABBITMQ_PASSWORD']) {
    assert.match(one[name] ?? '', /^[A-Za-z0-9+/=:_-]{43,}$/, name);
    assert.notEqual(one[name], other[name], name);
  }
  assert.equal(one.PUBLIC_URL, 'http://localhost:8080');
});
