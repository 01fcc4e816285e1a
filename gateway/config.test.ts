import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@sallyport/config';
import { testKeys } from '../test/support/keys.ts';
import { GatewayConfig } from './config.ts';

const needed = {
  ...testKeys,
  DATABASE_URL: 'postgres://u:p@127.0.0.1/db',
  REDIS_URL: 'memory:',
  USERS_URL: 'http://127.0.0.1:8081',
  OTP_URL: 'http://127.0.0.1:8082',
};

test('refuses one secret for both services, and says which variables, not which secret', () => {
  assert.equal(readConfig(GatewayConfig, needed).GATEWAY_PORT, 8080);
  const { USERS_SERVICE_SECRETS } = needed;
  const OTP_SERVICE_SECRETS = `${needed.OTP_SERVICE_SECRETS},${USERS_SERVICE_SECRETS}`;
  assert.throws(
    () => readConfig(GatewayConfig, { ...needed, OTP_SERVICE_SECRETS }),
    ({ message }: Error) => {
      assert.match(message, /^ {2}OTP_SERVICE_SECRETS: shares a secret with USERS_SERVICE_SECRETS$/m);
      return !message.includes(USERS_SERVICE_SECRETS);
    },
  );
});

test('takes the nodes of a broker, each by a URL of its own', () => {
  const read = (AMQP_URL: string) => readConfig(GatewayConfig, { ...needed, AMQP_URL }).AMQP_URL;
  assert.deepEqual(read('amqp://u:p,1@a/v, amqps://u2:p@b'), ['amqp://u:p,1@a/v', 'amqps://u2:p@b']);
  for (const wrong of ['http://u:sesame@a', 'amqp://a,amqp://', 'amqp://a,b', 'amqp://u:sesame@a,http://b']) {
    assert.throws(
      () => read(wrong),
      ({ message }: Error) => /^ {2}AMQP_URL: must be a URL/m.test(message) && !message.includes('sesame'),
    );
  }
});

test('refuses signing keys that are short, malformed, equal or of another kind', () => {
  const { TOKEN_SIGNING_KEYS: tokens, AUDIT_SIGNING_KEYS: audit } = needed;
  for (const TOKEN_SIGNING_KEYS of ['t1:AAAA', audit, tokens.slice(0, -8), `${tokens},${tokens.replace('t1', 't2')}`]) {
    assert.throws(() => readConfig(GatewayConfig, { ...needed, TOKEN_SIGNING_KEYS }), /^ {2}TOKEN_SIGNING_KEYS: /m);
  }
  assert.throws(
    () => readConfig(GatewayConfig, { ...needed, AUDIT_SIGNING_KEYS: tokens }),
    /^ {2}AUDIT_SIGNING_KEYS: /m,
  );
});
