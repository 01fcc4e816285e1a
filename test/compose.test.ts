// What docker-compose.yml starts, started without an engine: each command as written, in a folder that holds what the
// image holds, with the service's environment alone. Only addresses differ: ports are free ones, and the names of
// services lead to local servers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEnvFile } from '../supervisor/create-env-file.ts';
import { createApi } from './support/api.ts';
import { environmentOf, parseEnvFile, readComposeFile } from './support/compose/compose-file.ts';
import { type Container, type Containers, openContainers } from './support/compose/containers.ts';
import { buildImage, readImage } from './support/compose/image.ts';
import { borrowBroker, startComposeRedis, storesMissing } from './support/compose/stores.ts';
import { createTestDatabase } from './support/database.ts';
import { signUp } from './support/people.ts';

const { services } = readComposeFile();
const variables = parseEnvFile(createEnvFile());
const image = readImage();
const broker = process.env.TEST_AMQP_URL;

describe('what docker-compose.yml starts', () => {
  let containers: Containers;
  let unbuilt: string | false;
  before(() => {
    containers = openContainers();
    unbuilt = buildImage(containers.folder);
  });
  after(() => containers[Symbol.asyncDispose]());

  test('runs from an image of what production needs, in the versions of the lock', (t) => {
    if (unbuilt) return t.skip(unbuilt);
    const isNeeded = ({ dev, optional, devOptional }: Locked) => !dev && !optional && !devOptional;
    const locked = versionsIn(join(containers.folder, 'package-lock.json'), isNeeded);
    const installed = versionsIn(join(containers.folder, 'node_modules/.package-lock.json'), () => true);
    assert.ok(Object.keys(locked).length > 0);
    assert.deepEqual(installed, locked);
  });

  test('migrates, becomes healthy, signs somebody up, and stops with exit code 0', {
    skip: storesMissing,
  }, async (t) => {
    if (unbuilt) return t.skip(unbuilt);
    await using database = await createTestDatabase();
    await using redis = await startComposeRedis(get('redis'), variables);
    await using _broker = broker ? await borrowBroker(broker) : undefined;
    const addresses: Record<string, string | undefined> = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      AMQP_URL: broker,
    };
    const start = (name: string) => containers.start(get(name).command ?? [], environmentHere(name, addresses));

    const migration = await containers.run(get('migrate').command ?? [], environmentHere('migrate', addresses));
    assert.equal(migration.code, 0, migration.output);

    const [users, otp] = await Promise.all([start('users'), start('otp')]);
    Object.assign(addresses, { USERS_URL: users.url, OTP_URL: otp.url });
    const [gateway, second] = await Promise.all([start('gateway'), start('gateway')]);
    const all = { users, otp, gateway, second };
    for (const [name, container] of Object.entries(all)) await becomesHealthy(containers, name, container);
    if (broker) assert.equal((await readiness(gateway)).dependencies.rabbitmq, 'up');

    await signUp(createApi(gateway.url));
    await signUp(createApi(second.url));

    const codes = await Promise.all(Object.values(all).map((container) => container.stop()));
    assert.deepEqual(codes, [0, 0, 0, 0]);
  });
});

function get(name: string) {
  const service = services[name];
  assert.ok(service, `there is no service ${name}`);
  return service;
}

/** The service's environment, with free ports and local addresses in the place of the network's. */
function environmentHere(name: string, addresses: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(environmentOf(get(name), variables)).map(([variable, value]) => {
    if (variable.endsWith('_PORT')) return [variable, '0'];
    return [variable, variable in addresses ? addresses[variable] : value];
  });
  return { ...image.environment, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

/** Runs the image's own health check until it passes. */
async function becomesHealthy(containers: Containers, name: string, container: Container): Promise<void> {
  const environment = { OPS_PORT: new URL(container.opsUrl).port };
  const deadline = Date.now() + 30_000;
  while ((await containers.run(image.healthCheck, environment)).code !== 0) {
    if (Date.now() > deadline) assert.fail(`${name} isn't healthy: ${JSON.stringify(await readiness(container))}`);
    await sleep(100);
  }
}

async function readiness(container: Container): Promise<{ dependencies: Record<string, string> }> {
  const answer = await fetch(`${container.opsUrl}/readyz`);
  return (await answer.json()) as { dependencies: Record<string, string> };
}

/** The versions of the packages from the registry that `isWanted` lets through. */
function versionsIn(lockFile: string, isWanted: (entry: Locked) => boolean): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, Locked> };
  const wanted = Object.entries(packages).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.link && isWanted(entry),
  );
  return Object.fromEntries(wanted.map(([path, { version }]) => [path, version]));
}

interface Locked {
  version: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
}
