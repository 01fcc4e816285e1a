import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateKeys } from './generate-keys.ts';
import { createPartEnvironment, type Installation, type PartName } from './part-environment.ts';

const keys = generateKeys();

function environmentOf(part: PartName, env: NodeJS.ProcessEnv = {}, host = '127.0.0.1') {
  const ports = { gateway: { http: 80, ops: 0 }, users: { http: 81, ops: 0 }, otp: { http: 82, ops: 1082 } };
  const installation: Installation = {
    env,
    keys,
    host,
    ports,
    databaseUrl: 'postgres://embedded',
    dataFolder: '/data',
  };
  return createPartEnvironment(part, installation);
}

describe('the environment of a part', () => {
  it('holds its own secrets and nobody else’s', () => {
    const secretsIn = (env: NodeJS.ProcessEnv) =>
      Object.values(env)
        .filter((value) => isSecret(value))
        .sort();
    assert.deepEqual(
      secretsIn(environmentOf('users', keys)),
      [keys.USERS_SERVICE_SECRETS, keys.PASSWORD_PEPPERS].sort(),
    );
    assert.deepEqual(
      secretsIn(environmentOf('otp', keys)),
      [keys.OTP_SERVICE_SECRETS, keys.OTP_ENCRYPTION_KEYS].sort(),
    );
    assert.deepEqual(
      secretsIn(environmentOf('gateway', keys)),
      [keys.USERS_SERVICE_SECRETS, keys.OTP_SERVICE_SECRETS, keys.TOKEN_SIGNING_KEYS, keys.AUDIT_SIGNING_KEYS].sort(),
    );
  });

  it('keeps the first admin’s password to users, and the broker to the gateway', () => {
    const env = { ADMIN_USERNAME: 'root', ADMIN_PASSWORD: 'two doors', AMQP_URL: 'amqp://broker' };
    assert.equal(environmentOf('users', env).ADMIN_PASSWORD, 'two doors');
    assert.equal(environmentOf('users', env).AMQP_URL, undefined);
    assert.equal(environmentOf('gateway', env).ADMIN_PASSWORD, undefined);
    assert.equal(environmentOf('gateway', env).AMQP_URL, 'amqp://broker');
  });

  it('prefers what the operator gives, and passes on the rest', () => {
    const env = { PASSWORD_PEPPERS: 'k9:given', BCRYPT_COST: '10', REDIS_URL: '', DATABASE_URL: 'postgres://given' };
    const users = environmentOf('users', env);
    assert.equal(users.PASSWORD_PEPPERS, 'k9:given');
    assert.equal(users.BCRYPT_COST, '10');
    assert.equal(users.DATABASE_URL, 'postgres://embedded');
    assert.equal(environmentOf('otp', env).REDIS_URL, 'memory:');
    assert.equal(environmentOf('otp', env).OPS_PORT, '1082');
  });

  it('names each part in traces, and passes the rest of OpenTelemetry on', () => {
    const env = { OTEL_SERVICE_NAME: 'door', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    assert.equal(environmentOf('otp', env).OTEL_SERVICE_NAME, 'door-otp');
    assert.equal(environmentOf('otp', env).OTEL_EXPORTER_OTLP_ENDPOINT, 'http://collector:4318');
    assert.equal(environmentOf('otp').OTEL_SERVICE_NAME, undefined);
  });

  it('reaches parts that listen everywhere over loopback', () => {
    assert.equal(environmentOf('gateway', {}, '0.0.0.0').USERS_URL, 'http://127.0.0.1:81');
    assert.equal(environmentOf('gateway', {}, '::').OTP_URL, 'http://[::1]:82');
  });
});

function isSecret(value: string | undefined): boolean {
  return Object.values(keys).some((key) => key === value);
}
