// Redis over TLS, with a user for each part that may do what docs/operations.md lists and nothing else: on one node, in a
// cluster and behind sentinels.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { expect, expectProblem, tokensOf } from './support/people.ts';
import { enrolOwner, logInOwner, type Owner, provePassword, signUpEnrolled } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { type Authority, createAuthority, opensslMissing } from './support/servers/certificates.ts';
import { openAdmin, startRedis } from './support/servers/redis.ts';
import { clusterMissing, startRedisCluster } from './support/servers/redis-cluster.ts';
import { startRedisSentinels } from './support/servers/redis-sentinel.ts';
import { until } from './support/until.ts';

const onlyReal =
  process.env.TEST_BACKEND === 'embedded' ? 'the real back end does it, with servers of its own' : undefined;
const operations = readFileSync(join(import.meta.dirname, '..', 'docs', 'operations.md'), 'utf8');
const password = 'p,@/?#& of redis';
const encoded = encodeURIComponent(password);
const rootLogin = { username: 'root@example.com', password: 'a long pass phrase root' };
const reason = 'a test of users';

/** The documented lines for a user, as arguments of ACL SETUSER. */
function linesFor(user: string): string[][] {
  const lines = [...operations.matchAll(new RegExp(`^ACL SETUSER (${user} .*)$`, 'gm'))];
  return lines.map(([, line = '']) => line.split(' ').map((word) => word.replace('>PASSWORD', `>${password}`)));
}

/** What the parts' users are made with; those of a cluster get its lines as well. */
async function makeUsers(url: string, lines: 'all' | 'first'): Promise<void> {
  const admin = openAdmin(url);
  for (const user of ['gateway', 'otp']) {
    const all = linesFor(user);
    assert.equal(all.length, 2);
    for (const rules of lines === 'all' ? all : all.slice(0, 1)) await admin.call('ACL', 'SETUSER', ...rules);
  }
  admin.disconnect();
}

/** What users were refused, as the server remembers it. */
async function refusals(url: string): Promise<string> {
  const admin = openAdmin(url);
  try {
    return JSON.stringify(await admin.call('ACL', 'LOG'));
  } finally {
    admin.disconnect();
  }
}

function startAs(urlFor: (user: string) => string, authority: Authority, broken = false): Promise<ProcessStack> {
  const REDIS_URL = (user: string) => ({ REDIS_URL: urlFor(user) });
  const env = {
    NODE_EXTRA_CA_CERTS: authority.ca,
    ADMIN_USERNAME: rootLogin.username,
    ADMIN_PASSWORD: rootLogin.password,
    PASSWORD_SLOW_AFTER: '2',
    ADDRESS_FAILURES: '4',
    SIGNUPS_PER_ADDRESS: '100',
    TRUSTED_PROXIES: '127.0.0.1',
  };
  return startProcessStack({ env, partEnv: { gateway: REDIS_URL('gateway'), otp: REDIS_URL('otp') }, broken });
}

/** Uses whatever counts, limits, forgets and gives back. */
async function useEverything(stack: ProcessStack): Promise<void> {
  const { api } = stack;
  const login = expect(200, await api('POST', '/login', { body: rootLogin }));
  const root: Owner = { ...rootLogin, id: login.body.user.id, lastStep: 0, recoveryCodes: [], ...tokensOf(login) };
  await enrolOwner(api, root);
  const ada = await signUpEnrolled(api);
  await logInOwner(api, ada);
  const { body } = expect(200, await provePassword(api, ada));
  const wrong = await api('POST', '/login/otp', { body: { challenge: body.challenge, otp: '000000' } });
  expectProblem(401, 'invalid-otp', wrong);
  for (let at = 0; at < 6; at += 1) {
    const guess = { username: ada.username, password: 'a wrong pass phrase' };
    const { status } = await api('POST', '/login', { body: guess, from: at < 5 ? '198.51.100.7' : '198.51.100.8' });
    assert.ok(status === 401 || status === 429, String(status));
  }
  const unlock = { token: root.accessToken, body: { reason } };
  expect(204, await api('POST', `/admin/users/${ada.id}/unlock`, unlock));
  const { ip_blocks: blocks } = expect(200, await api('GET', '/admin/ip_blocks', { token: root.accessToken })).body;
  for (const block of blocks)
    expect(204, await api('DELETE', `/admin/ip_blocks/${block.id}`, { token: root.accessToken }));
  await logInOwner(api, ada);
  // Without otp a try is given back.
  const { challenge } = expect(200, await provePassword(api, ada)).body;
  await stack.otp.kill();
  expectProblem(503, 'unavailable', await api('POST', '/login/otp', { body: { challenge, otp: '000000' } }));
  await stack.otp.start();
}

/** Those of the commands that a user is allowed which nobody has called. */
async function findNeedless(url: string, user: string): Promise<string[]> {
  const admin = openAdmin(url);
  const called = await admin.info('commandstats');
  admin.disconnect();
  const allowed = (linesFor(user)[0] ?? []).filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));
  return allowed.filter((command) => !called.includes(`cmdstat_${command}:`));
}

const isReady = ({ opsUrl }: { opsUrl: string }) => fetch(`${opsUrl}/readyz`).then(({ status }) => status === 200);

const skip = onlyReal ?? (opensslMissing || clusterMissing);
let authority: Authority;
let tls: { ca: string; cert: string; key: string };
before(() => {
  if (skip) return;
  authority = createAuthority();
  tls = { ca: authority.ca, ...authority.issue('redis', 'IP:127.0.0.1') };
});
after(() => authority?.[Symbol.dispose]());

test('one node: the documented users are refused nothing, and allowed nothing that nobody calls', {
  skip,
}, async () => {
  await using redis = await startRedis({ password: 'of-the-admin', tls });
  await makeUsers(redis.url, 'first');
  const { host } = new URL(redis.url);
  await using stack = await startAs((user) => `rediss://${user}:${encoded}@${host}`, authority);
  await useEverything(stack);
  assert.equal(await refusals(redis.url), '[]');
  for (const user of ['gateway', 'otp']) assert.deepEqual(await findNeedless(redis.url, user), [], user);
  for (const part of stack.parts) {
    assert.ok(await isReady(part));
    assert.ok(!part.log().includes(password) && !part.log().includes(encoded));
    assert.doesNotMatch(part.log(), /connection trouble|INFO command fails/);
  }
  // Least privilege works: a user reads no key but its own part's.
  const admin = openAdmin(redis.url);
  const dryRun = await admin.call('ACL', 'DRYRUN', 'otp', 'GET', 'sallyport:challenge:x');
  admin.disconnect();
  assert.match(String(dryRun), /no permissions|NOPERM/i);
});

test('a certificate of another host, or of an authority that nobody named, makes the parts unready and lets nobody in', {
  skip,
}, async () => {
  const others = { ca: authority.ca, ...authority.issue('other.example.com') };
  await using redis = await startRedis({ password: 'of-the-admin', tls: others });
  await makeUsers(redis.url, 'first');
  const { host } = new URL(redis.url);
  await using stack = await startAs((user) => `rediss://${user}:${encoded}@${host}`, authority, true);
  await until('it is told', () => /altnames|ERR_TLS_CERT_ALTNAME/i.test(stack.gateway.log()));
  for (const part of [stack.gateway, stack.otp]) {
    assert.ok(!(await isReady(part)));
    assert.ok(!part.log().includes(password) && !part.log().includes(encoded));
  }
  const body = { username: 'ada@example.com', password: 'a long pass phrase' };
  expectProblem(503, 'unavailable', await stack.api('POST', '/login', { body }));
  stack.otp.configure({ NODE_EXTRA_CA_CERTS: '' });
  await stack.otp.restart();
  await until('it is told', () => /unable to verify|self-signed/i.test(stack.otp.log()));
  assert.ok(!(await isReady(stack.otp)));
});

test('a cluster: the documented users suffice, also when a primary is lost', { skip }, async () => {
  await using cluster = await startRedisCluster({ password: 'of-the-admin', tls });
  for (const { url } of cluster.nodes) await makeUsers(url, 'all');
  const hosts = cluster.nodes.map(({ url }) => new URL(url).host);
  await using stack = await startAs((user) => `rediss://${user}:${encoded}@${hosts.join()}`, authority);
  const ada = await signUpEnrolled(stack.api);
  await logInOwner(stack.api, ada);
  await (await cluster.ownerOf('any key')).kill();
  await cluster.whole();
  const getsIn = () => logInOwner(stack.api, ada).then(Boolean, () => false);
  await until('she gets in again', getsIn, { ms: 5_000, everyMs: 300 });
  for (const part of stack.parts) await until(`${part.name} is ready`, () => isReady(part), { ms: 5_000 });
  for (const { url, pids } of cluster.nodes) if (pids().length > 0) assert.equal(await refusals(url), '[]');
});

test('sentinels with a password of their own: the documented users suffice', { skip }, async () => {
  const sentinelPassword = 'of-the-sentinels';
  await using redis = await startRedisSentinels({ password: 'of-the-admin', sentinelPassword, tls });
  for (const { url } of redis.nodes) await makeUsers(url, 'first');
  const [rules = []] = linesFor('sallyport');
  for (const { url } of redis.sentinels) {
    const admin = openAdmin(url);
    await admin.call('ACL', 'SETUSER', ...rules);
    admin.disconnect();
  }
  const hosts = redis.sentinels.map(({ url }) => new URL(url).host).join();
  const query = new URLSearchParams({ sentinel_username: 'sallyport', sentinel_password: password });
  const urlFor = (user: string) => `rediss+sentinel://${user}:${encoded}@${hosts}/sallyport?${query}`;
  await using stack = await startAs(urlFor, authority);
  const ada = await signUpEnrolled(stack.api);
  await logInOwner(stack.api, ada);
  for (const { url } of redis.sentinels) assert.equal(await refusals(url), '[]');
  for (const part of stack.parts) assert.ok(!part.log().includes(password) && !part.log().includes(encoded));
});
