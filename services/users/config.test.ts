import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@sallyport/config';
import { UsersConfig } from './config.ts';

const needed = {
  DATABASE_URL: 'postgres://u:p@127.0.0.1/db',
  SERVICE_SECRETS: 's'.repeat(32),
  PASSWORD_PEPPERS: `a:${Buffer.alloc(32, 1).toString('base64')}`,
};

test('what is needed suffices; the rest has defaults', () => {
  const config = readConfig(UsersConfig, needed);
  assert.equal(config.HOST, '127.0.0.1');
  assert.equal(config.USERS_PORT, 8081);
  assert.equal(config.OPS_PORT, undefined);
  assert.equal(config.BCRYPT_COST, 12);
});

test('every fault is named in one message, and no value', () => {
  const bad = {
    DATABASE_URL: 'mysql://u:sesame@h/db',
    SERVICE_SECRETS: 'sesame',
    PASSWORD_PEPPERS: `a:${Buffer.alloc(31, 1).toString('base64')}`,
    BCRYPT_COST: '16',
    ADMIN_PASSWORD: 'sesame',
  };
  assert.throws(
    () => readConfig(UsersConfig, bad),
    ({ message }: Error) => {
      for (const name of ['DATABASE_URL', 'SERVICE_SECRETS', 'PASSWORD_PEPPERS', 'BCRYPT_COST', 'ADMIN_USERNAME']) {
        assert.match(message, new RegExp(`  ${name}: `));
      }
      assert.doesNotMatch(message, /sesame/);
      return true;
    },
  );
});

test('refuses a secret of the service that is a pepper as well', () => {
  const env = { ...needed, SERVICE_SECRETS: needed.PASSWORD_PEPPERS.slice(2) };
  assert.throws(() => readConfig(UsersConfig, env), /^ {2}SERVICE_SECRETS: shares a secret with PASSWORD_PEPPERS$/m);
});
