/*
 * `npm start` on an operator's own servers, each alone and all together, and the scripts that a container runs: the
 * schemas, each part alone, the file of secrets. In a fresh clone; each server is of this file alone, since the product
 * knows neither a prefix for Redis nor a name of its own for the exchange.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { keyNames } from '../supervisor/generate-keys.ts';
import { createApi } from './support/api.ts';
import { type Clone, cloneMissing, createClone } from './support/clone.ts';
import { createTestDatabase, databaseMissing, type TestDatabase } from './support/database.ts';
import { type NpmScript, runNpm } from './support/npm-script.ts';
import { logInWithPhone, signUpWithPhone } from './support/phone.ts';
import { freePorts, type RunningProduct, startProduct } from './support/running-product.ts';
import { findServers } from './support/servers/find-servers.ts';
import { type RabbitmqServer, startRabbitmq } from './support/servers/rabbitmq.ts';
import { startRedis } from './support/servers/redis.ts';
import type { TestServer } from './support/servers/server.ts';
import { until } from './support/until.ts';

const { redis: redisHere, rabbitmq: rabbitmqHere } = findServers();
const redisMissing = process.env.TEST_REDIS_URL ? redisHere.missing : 'TEST_REDIS_URL is not set';
const brokerMissing = process.env.TEST_AMQP_URL ? rabbitmqHere.missing : 'TEST_AMQP_URL is not set';

describe('in a fresh clone', { skip: cloneMissing }, () => {
  let clone: Clone;
  let database: TestDatabase | undefined;
  let redis: TestServer | undefined;
  let broker: Promise<RabbitmqServer | undefined>;
  before(async () => {
    broker = brokerMissing ? Promise.resolve(undefined) : startRabbitmq();
    broker.catch(() => {});
    clone = createClone();
    if (!databaseMissing) database = await createTestDatabase();
    if (!redisMissing) redis = await startRedis();
  });
  after(async () => {
    await database?.[Symbol.asyncDispose]();
    await redis?.close();
    await broker.then((server) => server?.close());
    clone[Symbol.dispose]();
  });

  const databaseUrl = () => ({ DATABASE_URL: database?.url ?? '' });
  const redisUrl = () => ({ REDIS_URL: redis?.url ?? 'memory:' });
  const amqpUrl = async () => ({ AMQP_URL: (await broker)?.url ?? '' });

  it('npm run migrate brings a new database up to date, and then finds nothing to do', {
    skip: databaseMissing,
  }, async () => {
    assert.match(await outputOf(['run', 'migrate'], databaseUrl()), /^applied users\/.*otp\/.*gateway\//m);
    assert.match(await outputOf(['run', 'migrate'], databaseUrl()), /^the database is up to date$/m);
  });

  it('npm run users, otp and gateway serve alone, and exit 0 on SIGTERM', { skip: databaseMissing }, async () => {
    const secrets = readVariables(await outputOf(['run', 'env', '--', '--print']));
    const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, secrets.get(name) ?? '']));
    const shared = { ...databaseUrl(), ...redisUrl() };
    await using users = runNpm(clone.folder, ['run', 'users'], {
      ...databaseUrl(),
      ...pick('PASSWORD_PEPPERS'),
      SERVICE_SECRETS: secrets.get('USERS_SERVICE_SECRETS') ?? '',
      USERS_PORT: '0',
    });
    await using otp = runNpm(clone.folder, ['run', 'otp'], {
      ...shared,
      ...pick('OTP_ENCRYPTION_KEYS'),
      SERVICE_SECRETS: secrets.get('OTP_SERVICE_SECRETS') ?? '',
      OTP_PORT: '0',
    });
    const [usersUrl, otpUrl] = [await readyUrl('users', users), await readyUrl('otp', otp)];
    await using gateway = runNpm(clone.folder, ['run', 'gateway'], {
      ...shared,
      ...pick('USERS_SERVICE_SECRETS', 'OTP_SERVICE_SECRETS', 'TOKEN_SIGNING_KEYS', 'AUDIT_SIGNING_KEYS'),
      USERS_URL: usersUrl,
      OTP_URL: otpUrl,
      GATEWAY_PORT: '0',
    });
    await useIt({ api: createApi(await readyUrl('gateway', gateway)) });
    for (const part of [gateway, users, otp]) {
      part.signal('SIGTERM');
      assert.deepEqual(await part.ended, { code: 0, signal: null });
    }
  });

  it('a part alone names every missing variable in one message', async () => {
    await using gateway = runNpm(clone.folder, ['run', 'gateway']);
    assert.deepEqual(await gateway.ended, { code: 1, signal: null });
    const named = [...gateway.log().matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    const urls = ['DATABASE_URL', 'REDIS_URL', 'USERS_URL', 'OTP_URL'];
    const keys = ['USERS_SERVICE_SECRETS', 'OTP_SERVICE_SECRETS', 'TOKEN_SIGNING_KEYS', 'AUDIT_SIGNING_KEYS'];
    assert.deepEqual(named.sort(), [...urls, ...keys].sort());
    assert.doesNotMatch(gateway.log(), /^ +at /m);
  });

  it('npm run env writes a secret for everything that needs one, to its owner alone, and once', async () => {
    await outputOf(['run', 'env']);
    const file = join(clone.folder, '.env');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const written = readVariables(readFileSync(file, 'utf8'));
    const wanted = ['PUBLIC_URL', 'REDIS_PASSWORD', 'RABBITMQ_PASSWORD', ...keyNames, ...composeVariables()];
    for (const name of wanted) assert.ok(written.get(name), `${name} is missing`);
    await using again = runNpm(clone.folder, ['run', 'env']);
    assert.deepEqual(await again.ended, { code: 1, signal: null });
    assert.match(again.log(), /\.env is there already/);
  });

  it('npm start works on a database of the operator', { skip: databaseMissing }, async () => {
    await using fresh = await createTestDatabase();
    await startAndUse({ DATABASE_URL: fresh.url, DATA_DIR: 'keys-alone' });
    assert.ok(!existsSync(join(clone.folder, 'keys-alone/postgres')));
  });

  it('npm start works on a Redis of the operator', { skip: redisMissing ?? false }, async () => {
    const client = new Redis(redisUrl().REDIS_URL);
    await client.flushall();
    await startAndUse(redisUrl());
    assert.ok((await client.dbsize()) > 0);
    client.disconnect();
  });

  it('npm start works on a broker of the operator', { skip: brokerMissing ?? false }, async () => {
    await startAndUse(await amqpUrl(), hearLogin);
  });

  const allMissing = databaseMissing || redisMissing || brokerMissing || false;
  it('npm start works on all of them at once', { skip: allMissing }, async () => {
    await using fresh = await createTestDatabase();
    await startAndUse(
      { DATABASE_URL: fresh.url, DATA_DIR: 'keys-alone', ...redisUrl(), ...(await amqpUrl()) },
      hearLogin,
    );
  });

  async function outputOf(args: string[], env: Record<string, string> = {}): Promise<string> {
    await using script = runNpm(clone.folder, args, env);
    assert.deepEqual(await script.ended, { code: 0, signal: null }, script.log());
    return script.output();
  }

  async function startAndUse(env: Record<string, string>, use: (product: RunningProduct) => Promise<void> = useIt) {
    await using product = await startProduct(clone.folder, { ...freePorts, ...env });
    await use(product);
    product.signal('SIGTERM');
    assert.deepEqual(await product.end(), { code: 0, signal: null, left: [] });
  }

  async function hearLogin(product: RunningProduct): Promise<void> {
    const connection = await connect((await amqpUrl()).AMQP_URL);
    try {
      const channel = await connection.createChannel();
      await until('the exchange is declared', () => hasExchange(connection));
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, 'sallyport.audit', 'sallyport.login.succeeded');
      await useIt(product);
      await until('the login is published', () => channel.get(queue, { noAck: true }));
    } finally {
      await connection.close();
    }
  }
});

async function useIt({ api }: Pick<RunningProduct, 'api'>): Promise<void> {
  const { body } = await logInWithPhone(api, await signUpWithPhone(api));
  assert.equal(body.status, 'complete');
}

/** A check that fails costs the channel. */
async function hasExchange(connection: Awaited<ReturnType<typeof connect>>): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel.checkExchange('sallyport.audit').then(
    () => channel.close().then(() => true),
    () => false,
  );
}

async function readyUrl(name: string, script: NpmScript): Promise<string> {
  const [, url = ''] = await script.printed(new RegExp(`^${name} is ready (http://\\S+) ops http://\\S+$`));
  return url;
}

function readVariables(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^([A-Z_]+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** What docker-compose.yml can't do without. */
function composeVariables(): string[] {
  const text = readFileSync(join(import.meta.dirname, '..', 'docker-compose.yml'), 'utf8');
  return [...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name = '']) => name);
}
