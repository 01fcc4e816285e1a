import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfig } from '@sallyport/config';
import { GatewayConfig } from '../gateway/config.ts';
import { OtpConfig } from '../services/otp/config.ts';
import { UsersConfig } from '../services/users/config.ts';
import { createEnvFile } from '../supervisor/create-env-file.ts';
import { repositoryFolder } from '../supervisor/repository-folder.ts';
import {
  type ComposeService,
  environmentOf,
  interpolate,
  parseEnvFile,
  readComposeFile,
} from './support/compose/compose-file.ts';
import { readImage } from './support/compose/image.ts';

const file = readComposeFile();
const variables = parseEnvFile(createEnvFile());
const services = Object.entries(file.services);
const schemas = { users: UsersConfig, otp: OtpConfig, gateway: GatewayConfig };
const ours = services.filter(([, service]) => service.image === 'sallyport').map(([name]) => name);

function get(name: string): ComposeService {
  const service = file.services[name];
  assert.ok(service, `there is no service ${name}`);
  return service;
}

describe('docker-compose.yml', () => {
  test('gives each service the secrets it needs, and no other', () => {
    const { PUBLIC_URL, ...secrets } = variables;
    const given = services.map(([name, service]) => {
      const text = JSON.stringify(interpolate(service, variables));
      return [name, Object.keys(secrets).filter((secret) => text.includes(secrets[secret] ?? ''))];
    });
    const database = 'POSTGRES_PASSWORD';
    const calls = ['USERS_SERVICE_SECRETS', 'OTP_SERVICE_SECRETS'];
    const signing = ['TOKEN_SIGNING_KEYS', 'AUDIT_SIGNING_KEYS'];
    assert.ok(PUBLIC_URL);
    assert.deepEqual(Object.fromEntries(given), {
      edge: [],
      gateway: [...calls, ...signing, database, 'REDIS_PASSWORD', 'RABBITMQ_PASSWORD'],
      users: ['USERS_SERVICE_SECRETS', 'PASSWORD_PEPPERS', database],
      otp: ['OTP_SERVICE_SECRETS', 'OTP_ENCRYPTION_KEYS', database, 'REDIS_PASSWORD'],
      migrate: [database],
      postgres: [database],
      redis: ['REDIS_PASSWORD'],
      rabbitmq: ['RABBITMQ_PASSWORD'],
    });
  });

  test('holds no secret itself, and refuses to start without one', () => {
    const required = /^\$\{\w+:\?run npm run env\}$/;
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        const password = /^\w+:\/\/\w*:(.*)@/.exec(String(value))?.[1];
        const isSecret = /SECRET|PASS|KEYS|PEPPERS|AUTH$/.test(variable) && !/SECONDS|TRIES/.test(variable);
        if (password !== undefined) assert.match(password, required, `${name}: ${variable}`);
        else if (isSecret && value !== null) assert.match(String(value), required, `${name}: ${variable}`);
      }
    }
    for (const secret of Object.keys(variables)) {
      assert.throws(() => interpolate(file, { ...variables, [secret]: '' }), new Error(`${secret}: run npm run env`));
    }
  });

  for (const [name, schema] of Object.entries(schemas)) {
    test(`lets an operator set every variable that ${name} knows, and no other`, () => {
      const { environment = {} } = get(name);
      assert.deepEqual(Object.keys(environment).sort(), Object.keys(schema.shape).sort());
      assert.doesNotThrow(() => readConfig(schema, environmentOf(get(name), variables)));
      const chosen = { ...variables, LOG_LEVEL: 'warn' };
      assert.equal(readConfig(schema, environmentOf(get(name), chosen)).LOG_LEVEL, 'warn');
    });
  }

  test('runs everything without root, with nothing to write to but its data, and without capabilities', () => {
    for (const [name, service] of services) {
      assert.equal(service.read_only, true, name);
      assert.ok(service.tmpfs.includes('/tmp'), name);
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
      for (const key of ['privileged', 'cap_add', 'devices', 'pid', 'ipc', 'network_mode', 'env_file']) {
        assert.ok(!(key in service), `${name}: ${key}`);
      }
      assert.doesNotMatch(JSON.stringify(service.volumes ?? []), /docker\.sock/);
    }
    const { user, stopSignal, environment } = readImage();
    assert.deepEqual(
      { user, stopSignal, environment },
      { user: 'node', stopSignal: 'SIGTERM', environment: { NODE_ENV: 'production' } },
    );
    for (const name of ours) assert.ok(!('user' in get(name)), `${name} has the image's user`);
    for (const name of ['postgres', 'redis', 'rabbitmq'])
      assert.match(get(name).user ?? 'root', /^(?!root|0)\w+$/, name);
  });

  test('watches the health of all but the migration', () => {
    assert.ok(readImage().healthCheck.length > 0);
    for (const [name, { healthcheck }] of services) {
      assert.equal(healthcheck?.disable ?? false, name === 'migrate', name);
      if (!ours.includes(name)) assert.ok((healthcheck?.test ?? []).length > 1, name);
    }
  });

  test('publishes the way in, and cuts all else off from the world', () => {
    for (const [name, { ports, networks }] of services) {
      assert.equal(ports !== undefined, name === 'edge', name);
      const open = networks.filter((network) => !file.networks[network]?.internal);
      assert.deepEqual(open, name === 'edge' ? ['public'] : [], name);
    }
    assert.deepEqual(interpolate(get('edge').ports, variables), ['127.0.0.1:8080:8080']);
    const subnet = interpolate(file.networks.front, variables) as { ipam?: { config: { subnet: string }[] } };
    const gateway = readConfig(GatewayConfig, environmentOf(get('gateway'), variables));
    assert.deepEqual(gateway.TRUSTED_PROXIES, [subnet.ipam?.config[0]?.subnet]);
    assert.deepEqual(
      services.filter(([, { networks }]) => networks.includes('front')).map(([name]) => name),
      ['edge', 'gateway'],
    );
  });

  test('leads the way in to the gateways, and to their readiness', () => {
    const { GATEWAY_PORT, OPS_PORT } = get('gateway').environment ?? {};
    const proxy = readFileSync(join(repositoryFolder, 'docker/haproxy.cfg'), 'utf8');
    assert.match(proxy, new RegExp(`^ +server-template .* gateway:${GATEWAY_PORT} check port ${OPS_PORT} `, 'm'));
    assert.match(proxy, /^ +http-check send .*uri \/readyz /m);
    assert.match(proxy, /^ +bind :8080$/m);
    assert.match(proxy, /^ +option forwardfor$/m);
  });

  test('can scale each part: no name, port or host name is bound to one container', () => {
    for (const name of Object.keys(schemas)) {
      for (const key of ['container_name', 'hostname', 'ports', 'volumes'])
        assert.ok(!(key in get(name)), `${name}: ${key}`);
    }
  });

  test('spreads calls over all containers of a part, and leaves one that stops before it takes no more', () => {
    const { USERS_URL, OTP_URL } = get('gateway').environment ?? {};
    // Docker's DNS has every container of a service under its name, and gateways call the least busy of all.
    assert.deepEqual([USERS_URL, OTP_URL], ['http://users:8081', 'http://otp:8082']);
    const proxy = readFileSync(join(repositoryFolder, 'docker/haproxy.cfg'), 'utf8');
    assert.match(proxy, /^resolvers docker\n +nameserver dns 127\.0\.0\.11:53$/m);
    const [, inter, fall] = /server-template .* inter (\d+)s fall (\d+) .* resolvers docker/.exec(proxy) ?? [];
    for (const [name, schema] of Object.entries(schemas)) {
      const { STOP_DELAY_SECONDS: delay } = readConfig(schema, environmentOf(get(name), variables));
      assert.ok(delay > Number(inter) * Number(fall), `${name}: two checks fail before it takes no more`);
      assert.ok(Number.parseInt(String(get(name).stop_grace_period), 10) > delay + 10, `${name} has time to end`);
    }
  });

  test('starts each part after the database is up to date and what it needs is healthy', () => {
    const conditions = (name: string) =>
      Object.fromEntries(
        Object.entries(get(name).depends_on ?? {}).map(([other, { condition }]) => [other, condition]),
      );
    const migrated = { migrate: 'service_completed_successfully' };
    const redis = { redis: 'service_healthy' };
    assert.deepEqual(conditions('migrate'), { postgres: 'service_healthy' });
    assert.deepEqual(conditions('users'), migrated);
    assert.deepEqual(conditions('otp'), { ...migrated, ...redis });
    const called = { users: 'service_healthy', otp: 'service_healthy', rabbitmq: 'service_started' };
    assert.deepEqual(conditions('gateway'), { ...migrated, ...redis, ...called });
    assert.deepEqual(conditions('edge'), { gateway: 'service_healthy' });
  });

  test('pins the major version of every image, and keeps the data of every store', () => {
    for (const [name, { image, build }] of services) {
      if (ours.includes(name)) assert.equal(build, '.', name);
      else assert.match(image, /:\d+(\.\d+)*$/, name);
    }
    for (const volume of Object.keys(file.volumes)) {
      assert.match(String(get(volume).volumes), new RegExp(`^${volume}:/`), volume);
    }
    assert.deepEqual(Object.keys(file.volumes), ['postgres', 'redis', 'rabbitmq']);
  });
});
