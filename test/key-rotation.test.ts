// Keys are changed by the three restarts that docs/operations.md describes, instance after instance, while people log in
// (promises 2, 5 and 10): none is refused, because every instance reads a key before any of them writes it. All rings go
// through a step together; with SALLYPORT_CHAOS=1 each goes through its three steps alone.
import assert from 'node:assert/strict';
import { createPublicKey, verify, type webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { type RingName, ringNames } from '../supervisor/generate-keys.ts';
import { idOf, readRing, rotateRing } from '../supervisor/rotate-ring.ts';
import type { Api } from './support/api.ts';
import { assertFlagsEqualFactors, assertLogIsWhole } from './support/assert-sound.ts';
import { createLanes } from './support/lanes.ts';
import { startLoginLoad } from './support/login-load.ts';
import { runCommand } from './support/operator-command.ts';
import type { PartProcess } from './support/part-process.ts';
import { expect, expectProblem, tokensOf } from './support/people.ts';
import { logInOwner, signUpEnrolled } from './support/process-people.ts';
import { type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { sharedRedisMissing } from './support/stack.ts';

const ringsOf = {
  users: { SERVICE_SECRETS: 'USERS_SERVICE_SECRETS', PASSWORD_PEPPERS: 'PASSWORD_PEPPERS' },
  otp: { SERVICE_SECRETS: 'OTP_SERVICE_SECRETS', OTP_ENCRYPTION_KEYS: 'OTP_ENCRYPTION_KEYS' },
  gateway: {
    USERS_SERVICE_SECRETS: 'USERS_SERVICE_SECRETS',
    OTP_SERVICE_SECRETS: 'OTP_SERVICE_SECRETS',
    TOKEN_SIGNING_KEYS: 'TOKEN_SIGNING_KEYS',
    AUDIT_SIGNING_KEYS: 'AUDIT_SIGNING_KEYS',
  },
} as const satisfies Record<string, Record<string, RingName>>;

const skip = sharedRedisMissing;

test('every ring is rotated under load without one refused login', { skip, timeout: 900_000 }, async (t) => {
  await using stack = await startProcessStack({ gateways: 2, users: 2, otps: 2 });
  const rings = Object.fromEntries(ringNames.map((name) => [name, stack.env[name] ?? ''])) as Record<RingName, string>;
  const lanes = createLanes(stack);
  const { api } = lanes;
  const [sleeper, late] = [await signUpEnrolled(api, 'sleeper'), await signUpEnrolled(api, 'late')];
  const first = { ...rings };
  const access = sleeper.accessToken;
  await using load = startLoginLoad(api, 2);
  let restarts = 0;

  async function takeStep(names: readonly RingName[]): Promise<void> {
    for (const name of names) rings[name] = rotateRing(name, readRing(name, rings[name]));
    const holders = stack.parts.filter((part) =>
      Object.values(ringsOf[part.name]).some((name) => names.includes(name)),
    );
    for (const parts of groupForRestart(stack, holders)) {
      await lanes.restart(parts, (part) => {
        const own = Object.entries(ringsOf[part.name]) as [string, RingName][];
        return Object.fromEntries(own.map(([variable, name]) => [variable, rings[name]]));
      });
      restarts += parts.length;
      assert.deepEqual(load.failures, []);
    }
    await load.turnover();
  }

  /** What docs/operations.md asks for before an old key goes. */
  async function waitForOldKeys(names: readonly RingName[]): Promise<void> {
    if (names.includes('OTP_ENCRYPTION_KEYS')) {
      assert.ok((await countRows(stack, 'OTP_ENCRYPTION_KEYS', idOf(first.OTP_ENCRYPTION_KEYS))) > 0);
      const env = { DATABASE_URL: stack.databaseUrl, OTP_ENCRYPTION_KEYS: rings.OTP_ENCRYPTION_KEYS };
      const { code, output, log } = await runCommand('supervisor/reencrypt.ts', [], env).ended;
      assert.deepEqual({ code, log }, { code: 0, log: '' });
      assert.match(output, /^0 rows on the old keys$/m);
      assert.equal(await countRows(stack, 'OTP_ENCRYPTION_KEYS', idOf(first.OTP_ENCRYPTION_KEYS)), 0);
    }
    if (names.includes('PASSWORD_PEPPERS')) {
      const old = idOf(first.PASSWORD_PEPPERS);
      assert.ok((await countRows(stack, 'PASSWORD_PEPPERS', old)) > 0);
      for (const { username, password } of [sleeper, late, ...load.people]) {
        expect(200, await api('POST', '/login', { body: { username, password } }));
      }
      assert.equal(await countRows(stack, 'PASSWORD_PEPPERS', old), 0);
    }
  }

  const turns = process.env.SALLYPORT_CHAOS === '1' ? ringNames.map((name) => [name]) : [ringNames];
  for (const names of turns) {
    const issued = sleeper.accessToken;
    await takeStep(names);
    await assertVerifies(api, issued);
    await takeStep(names);
    await assertVerifies(api, issued);
    const refreshed = await api('POST', '/token/refresh', { body: { refresh_token: sleeper.refreshToken } });
    Object.assign(sleeper, tokensOf(expect(200, refreshed)));
    await waitForOldKeys(names);
    await takeStep(names);
  }
  await load.end();
  assert.deepEqual(load.failures, []);
  t.diagnostic(`${load.rounds()} logins of ${load.people.length} people over ${restarts} restarts`);

  for (const name of ringNames) assert.ok(!rings[name].includes(first[name]) && !rings[name].includes(','), name);
  expectProblem(401, 'unauthenticated', await api('GET', '/me', { token: access }));
  const again = await api('POST', '/token/refresh', { body: { refresh_token: sleeper.refreshToken } });
  Object.assign(sleeper, tokensOf(expect(200, again)));
  await assertVerifies(api, sleeper.accessToken);
  expect(200, await api('POST', '/token/refresh', { body: { refresh_token: late.refreshToken } }));
  await logInOwner(api, sleeper);
  for (const part of stack.parts)
    assert.doesNotMatch(part.log(), /secret unusable|there is no pepper|unusable answer \(401\)/);
  await assertFlagsEqualFactors(stack);
  await assertLogIsWhole(stack);
});

/** Instance after instance of each part; the services of one lane, which is down as a whole, go together. */
function groupForRestart(stack: ProcessStack, holders: readonly PartProcess[]): PartProcess[][] {
  const lanes = stack.gateways.map((_, at) => [stack.everyUsers[at], stack.otps[at]]);
  const groups = [...lanes, ...stack.gateways.map((gateway) => [gateway])];
  const among = (parts: (PartProcess | undefined)[]) => (holder: PartProcess) =>
    parts.some((part) => part?.url === holder.url);
  return groups.map((parts) => holders.filter(among(parts))).filter((parts) => parts.length > 0);
}

const named = {
  PASSWORD_PEPPERS: 'select id from users.account where pepper_id = $1',
  OTP_ENCRYPTION_KEYS: `select from otp.factor where key_id = $1 union all select from otp.recovery_set where key_id = $1
    union all select from otp.enrolment where key_id = $1`,
};

async function countRows(stack: ProcessStack, name: keyof typeof named, id: string): Promise<number> {
  return (await stack.sql(named[name], [id])).length;
}

/** With the public keys alone, as a platform does, and at a gateway. */
async function assertVerifies(api: Api, token: string): Promise<void> {
  const [head = '', body = '', signature = ''] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
  const { keys } = expect(200, await api('GET', '/.well-known/jwks.json')).body as {
    keys: (webcrypto.JsonWebKey & { kid: string })[];
  };
  const jwk = keys.find((key) => key.kid === kid);
  assert.ok(jwk, `${kid} is listed`);
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')));
  expect(200, await api('GET', '/me', { token }));
}
