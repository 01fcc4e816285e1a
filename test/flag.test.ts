// Promise 6: the flag follows the factor, whichever process dies at whichever step of enabling or disabling it, and
// until it does the strict side wins: nobody gets in with a password alone where otp has an active factor. The steps are
// held where they lie (a call on its way, a statement at a row that is locked), for one person each, and all of them die
// with one process.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Api } from './support/api.ts';
import type { PartProcess } from './support/part-process.ts';
import { expect } from './support/people.ts';
import {
  attempt,
  type Enrolled,
  enrolOwner,
  giveCode,
  logInOwner,
  type Owner,
  provePassword,
  setUp,
  signUpEnrolled,
  signUpOwner,
} from './support/process-people.ts';
import { type GatewayProcess, type ProcessStack, startProcessStack } from './support/process-stack.ts';
import { until } from './support/until.ts';

const setFlag = /^\/accounts\/[0-9a-f-]{36}\/otp_flag$/;

let stack: ProcessStack;
let first: GatewayProcess;
let second: GatewayProcess;

before(async () => {
  stack = await startProcessStack({ gateways: 2 });
  [first, second] = stack.gateways as [GatewayProcess, GatewayProcess];
});
after(() => stack[Symbol.asyncDispose]());

/** A step at which a person's call is held. */
type Step = {
  name: string;
  hold(owner: Owner): Promise<{ reached(): Promise<unknown>; letGo(): unknown }>;
};

function calls(name: string, way: 'users' | 'otp', method: string, path: RegExp): Step[] {
  const step = (place: 'holdRequest' | 'holdAnswer'): Step => ({
    name: `${place === 'holdRequest' ? 'before' : 'after'} ${name}`,
    async hold(owner) {
      const held = first[way][place](method, path, owner.id);
      return { reached: () => held.reached, letGo: held.drop };
    },
  });
  return [step('holdRequest'), step('holdAnswer')];
}

function statement(name: string, claim: string, text: string): Step {
  return {
    name: `in ${name}`,
    async hold(owner) {
      const lock = await stack.lock(claim, [owner.id]);
      return { reached: () => until(`${name} waits`, () => stack.waiting(text)), letGo: lock.release };
    },
  };
}

const atTheEnd = [
  statement(
    "the gateway's transaction",
    'select from gateway.subject where user_id = $1 for update',
    'gateway.subject as s',
  ),
  ...calls('the flag', 'users', 'PUT', setFlag),
  statement('the flag', 'select from users.account where id = $1 for update', 'set otp_enabled'),
];

const enabling: Step[] = [
  ...calls('the confirmation', 'otp', 'POST', /^\/enrolments\/confirm$/),
  statement('the try', 'select from otp.enrolment where user_id = $1 for update', 'tried as'),
  statement(
    'the confirmation',
    `insert into otp.recovery_set (user_id, set_id, key_id, nonce, ciphertext)
     values ($1, gen_random_uuid(), 'none', '', '')`,
    'otp.recovery_set',
  ),
  ...atTheEnd,
];

const disabling: Step[] = [
  ...calls('the look at the factor', 'otp', 'GET', /^\/factors\//),
  ...calls('the password', 'users', 'POST', /^\/passwords\/verify$/),
  ...calls('the removal', 'otp', 'POST', /^\/factors\/disable$/),
  statement('the removal', 'select from otp.factor where user_id = $1 for update', 'last_challenge = $3'),
  ...atTheEnd,
];

type State = { id: string; flag: boolean; factor: boolean; flag_version: number; factor_version: number };

async function statesOf(owners: readonly Owner[]): Promise<State[]> {
  return stack.sql<State>(
    `select a.id, a.otp_enabled as flag, a.factor_version as flag_version, coalesce(f.active, false) as factor,
       coalesce(f.version, 0) as factor_version
     from users.account a left join otp.factor f on f.user_id = a.id where a.id = any ($1::uuid[])`,
    [owners.map((owner) => owner.id)],
  );
}

/** The projector has nothing left to do: whatever changes a flag from now on is a call that comes late. */
async function untilProjected(): Promise<void> {
  const idle = `select from gateway.audit_head h, gateway.cursor c where c.name = 'projector' and c.sequence = h.sequence
    and not exists (select from gateway.outbox) and not exists (select from otp.outbox where acknowledged_at is null)`;
  await until('the projector is done', async () => (await stack.sql(idle)).length === 1);
}

/** Nobody whose factor is active by now gets in at this gateway with the password alone. */
async function assertStrict(api: Api, owners: readonly Owner[]): Promise<void> {
  const active = (await statesOf(owners)).filter((state) => state.factor).map((state) => state.id);
  const answers = owners
    .filter((owner) => active.includes(owner.id))
    .map((owner) => attempt(provePassword(api, owner)));
  for (const answer of await Promise.all(answers)) {
    assert.notEqual(answer?.body.status, 'complete', 'a password alone got in');
  }
}

async function assertFlagsFollow(owners: readonly Owner[], what: string): Promise<void> {
  const started = performance.now();
  const wrong = async () =>
    (await statesOf(owners)).filter(
      (state) => state.flag !== state.factor || state.flag_version !== state.factor_version,
    );
  await until('flags equal factors', async () => (await wrong()).length === 0, { ms: 15_000 }).catch(() => undefined);
  assert.deepEqual(await wrong(), []);
  const seconds = (performance.now() - started) / 1_000;
  console.log(`# ${what}: flags equal factors ${seconds.toFixed(1)} s after everything was back`);
  assert.ok(seconds < 5, `${seconds} s`);
}

/** Holds one person's call at each step, kills the process, and sees what becomes of flags and factors. */
async function killAt(steps: readonly Step[], victim: PartProcess, act: (owner: Owner) => Promise<unknown>) {
  const owners = await Promise.all(steps.map(() => (act === enable ? signUpOwner : signUpEnrolled)(second.api)));
  if (act === enable) {
    for (const owner of owners) owner.secret = await setUp(second.api, owner);
  }
  await using holds = new AsyncDisposableStack();
  const held = await Promise.all(steps.map((step, at) => step.hold(owners[at] as Owner)));
  for (const { letGo } of held) holds.defer(async () => void (await letGo()));
  const acts = owners.map(act);
  // On a machine that is too slow for the calls' deadlines, one may have failed before it came to its step.
  const reached = held.map((hold, at) => Promise.race([hold.reached().then(() => true), acts[at]?.then(() => false)]));
  const missed = (await Promise.all(reached)).filter((was) => !was).length;
  assert.ok(missed < steps.length / 2, `${missed} of ${steps.length} steps were not reached`);
  await victim.kill();
  await assertStrict(second.api, owners);
  await holds.disposeAsync();
  await Promise.all(acts);
  await assertStrict(second.api, owners);
  await victim.start();
  await assertFlagsFollow(owners, `${victim.name} killed${missed > 0 ? `, ${missed} steps missed` : ''}`);
  await assertStrict(second.api, owners);
  return statesOf(owners);
}

const enable = (owner: Owner) =>
  attempt(first.api('PUT', '/auth/otp/enable', { token: owner.accessToken, body: { otp: giveCode(owner) } }));

const disable = (owner: Owner) => {
  const body = { password: owner.password, otp: giveCode(owner) };
  return attempt(first.api('PUT', '/auth/otp/disable', { token: owner.accessToken, body }));
};

for (const [name, steps, act] of [
  ['enabling', enabling, enable] as const,
  ['disabling', disabling, disable] as const,
]) {
  for (const victim of ['gateway', 'otp', 'users'] as const) {
    test(`the flag follows the factor when ${victim} is killed at any step of ${name}`, async () => {
      const part = victim === 'gateway' ? first : stack[victim];
      const states = await killAt(steps, part, act);
      assert.ok(states.some((state) => state.factor) && states.some((state) => !state.factor));
    });
  }
}

test('a flag that a stopped gateway was about to set is not set back', async () => {
  const ada = await signUpOwner(first.api);
  const secret = await setUp(first.api, ada);
  const held = first.users.holdRequest('PUT', setFlag, ada.id);
  const enabled = enable(Object.assign(ada, { secret }));
  await held.reached;
  first.suspend();
  await logInOwner(second.api, ada);
  const body = { password: ada.password, otp: giveCode(ada) };
  expect(200, await second.api('PUT', '/auth/otp/disable', { token: ada.accessToken, body }));
  await untilProjected();
  held.release();
  await held.answered;
  first.resume();
  await enabled;
  await assertFlagsFollow([ada], 'a late flag');
  const [state] = await statesOf([ada]);
  assert.deepEqual([state?.flag, state?.flag_version], [false, 2]);
  assert.equal(expect(200, await provePassword(first.api, ada)).body.status, 'complete');
});

test('a gateway stopped before it set the flag sets nothing back when it goes on', async () => {
  const ada = await signUpOwner(first.api);
  const secret = await setUp(first.api, ada);
  const held = first.otp.holdAnswer('POST', /^\/enrolments\/confirm$/, ada.id);
  const enabled = enable(Object.assign(ada, { secret }));
  await held.reached;
  first.suspend();
  held.release();
  await logInOwner(second.api, ada);
  const body = { password: ada.password, otp: giveCode(ada) };
  expect(200, await second.api('PUT', '/auth/otp/disable', { token: ada.accessToken, body }));
  await enrolOwner(second.api, ada);
  const again = { password: ada.password, otp: giveCode(ada) };
  expect(200, await second.api('PUT', '/auth/otp/disable', { token: ada.accessToken, body: again }));
  first.resume();
  await enabled;
  await assertFlagsFollow([ada], 'a resumed gateway');
  const [state] = await statesOf([ada]);
  assert.deepEqual([state?.flag, state?.flag_version], [false, 4]);
  assert.equal(expect(200, await provePassword(first.api, ada)).body.status, 'complete');
});

const chaos = process.env.SALLYPORT_CHAOS === '1';
const seed = Number(process.env.SALLYPORT_SEED ?? 1);
const rounds = chaos ? 200 : 20;

/** Mulberry32: the same numbers for the same seed. */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Enables and disables in turn, again after whatever failed, and ends with `rounds` done or the app out of codes. */
async function takeTurns(owner: Owner, apis: Api[], random: () => number, done: () => boolean, count: () => void) {
  const anyApi = () => apis[Math.floor(random() * apis.length)] as Api;
  const logInAgain = async () => {
    const first = await attempt(provePassword(anyApi(), owner));
    if (first?.body.status === 'complete') owner.accessToken = first.body.access_token;
    if (first?.body.status !== 'otp_required') return;
    const body = { username: owner.username, password: owner.password, otp: giveCode(owner) };
    const whole = await attempt(anyApi()('POST', '/login', { body }));
    if (whole?.status === 200) owner.accessToken = whole.body.access_token;
  };
  for (let round = 0; round < 40 && !done() && owner.lastStep < Date.now() / 30_000 + 7; round += 1) {
    const token = owner.accessToken;
    const state = await attempt(anyApi()('GET', '/auth/otp', { token }));
    if (state?.status === 401) await logInAgain();
    if (state?.status !== 200) continue;
    if (state.body.otp_enabled) {
      const code = owner.recoveryCodes.pop();
      const proof = code ? { recovery_code: code } : { otp: giveCode(owner) };
      const body = { password: owner.password, ...proof };
      const disabled = await attempt(anyApi()('PUT', '/auth/otp/disable', { token, body }));
      if (disabled?.status === 200) count();
    } else {
      const setup = await attempt(anyApi()('POST', '/auth/otp/setup', { token }));
      if (setup?.status !== 200) continue;
      owner.secret = setup.body.secret;
      owner.recoveryCodes = [];
      const body = { otp: giveCode(owner) };
      const enabled = await attempt(anyApi()('PUT', '/auth/otp/enable', { token, body }));
      if (enabled?.status !== 200) continue;
      owner.recoveryCodes = enabled.body.recovery_codes;
      owner.accessToken = enabled.body.access_token;
    }
  }
}

test(`flag and factor agree after ${rounds} rounds of enabling and disabling with random kills`, async () => {
  const random = createRandom(seed);
  const owners: Owner[] = [];
  let finished = 0;
  let kills = 0;
  const done = () => finished >= rounds;
  const lane = async () => {
    while (!done()) {
      const owner = await signUpOwner(second.api).catch(() => undefined);
      if (!owner) continue;
      owners.push(owner);
      await takeTurns(owner, [first.api, second.api], random, done, () => {
        finished += 1;
      });
    }
  };
  const killer = async () => {
    while (!done()) {
      const wait = performance.now() + 300 + random() * 1_500;
      await until('the next kill', () => done() || performance.now() > wait);
      const victim = [first, second, stack.users, stack.otp][Math.floor(random() * 4)] as PartProcess;
      await victim.restart();
      kills += 1;
    }
  };
  await Promise.all([killer(), ...Array.from({ length: 4 }, lane)]);
  console.log(`# ${finished} rounds of ${owners.length} people, ${kills} kills, seed ${seed}`);
  await assertStrict(first.api, owners);
  await assertFlagsFollow(owners, `${kills} random kills`);
  await assertStrict(second.api, owners as Enrolled[]);
});
