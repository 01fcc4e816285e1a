import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Db, openDb } from '@sallyport/postgres';
import { databaseMissing } from '../../../test/support/database.ts';
import { until } from '../../../test/support/until.ts';
import { createOwner, newChallenge, type Owner, times } from '../testing/owner.ts';
import { startTestOtp, type TestOtp } from '../testing/start-test-otp.ts';
import { claimCode } from './claim-code.ts';
import { reserveAttempt } from './reserve-attempt.ts';

const skip = databaseMissing;
const limits = { lockAfter: 10, hardLockAfter: 100 };
let service: TestOtp;
/** As of several processes: what one is asked for at once of one account goes one after the other. */
const instances: Db[] = [];
let calls = 0;
const nextInstance = () => instances[calls++ % instances.length] as Db;
before(async () => {
  if (skip) return;
  service = await startTestOtp();
  const url = service.env.DATABASE_URL as string;
  for (let number = 0; number < 10; number += 1) instances.push(openDb({ url, name: `otp ${number}`, max: 1 }));
});
after(async () => {
  await Promise.all(instances.map((db) => db.close()));
  await service?.[Symbol.asyncDispose]();
});

async function reserve(owner: Owner, lane = 'unknown'): Promise<number> {
  const lockedEvent = { id: randomUUID(), parts: ['', ''] as const, withCount: String };
  const asked = { userId: owner.id, lane, factorVersion: undefined, limits, lockedEvent };
  const reserved = await reserveAttempt(nextInstance(), asked);
  assert.equal(reserved.outcome, 'reserved');
  return reserved.outcome === 'reserved' ? reserved.attempt : 0;
}

function claim(
  owner: Owner,
  step: number,
  more: { attempt?: number; challenge?: string; factorVersion?: number; tell?: boolean } = {},
) {
  const event = { id: randomUUID(), body: '{}' };
  const rest = { userId: owner.id, factorVersion: 1, challenge: newChallenge(), lane: 'unknown', attempt: 1 };
  return claimCode(nextInstance(), { ...rest, limits, tell: false, proof: { method: 'otp', step }, event, ...more });
}

const now = () => Math.floor(service.clock.nowMs / 30_000);

test('claims a step once and never one before it, with no gate to help', { skip }, async () => {
  const owner = await createOwner(service);
  const claims = await times(50, () => claim(owner, now()));
  assert.equal(claims.filter((claimed) => claimed !== undefined).length, 1);
  assert.equal(await claim(owner, now()), undefined);
  assert.equal(await claim(owner, now() - 1), undefined);
  assert.deepEqual(await claim(owner, now() + 1), { recoveryCodesLeft: 10, wrongCodes: 0 });
});

test('claims no second step on one challenge, and none for another version', { skip }, async () => {
  const owner = await createOwner(service);
  const challenge = newChallenge();
  assert.ok(await claim(owner, now(), { challenge }));
  assert.equal(await claim(owner, now() + 1, { challenge }), undefined);
  assert.equal(await claim(owner, now() + 1, { factorVersion: 2 }), undefined);
});

test('forgets no guess that was reserved after the accepted one', { skip }, async () => {
  const owner = await createOwner(service);
  await times(5, () => reserve(owner));
  const attempt = await reserve(owner);
  await times(4, () => reserve(owner));
  assert.ok(await claim(owner, now(), { attempt }));
  const lane = () =>
    service.db.query('select attempts, accepted_at, locked_until from otp.lane where user_id = $1', [owner.id]);
  assert.deepEqual(await lane(), [{ attempts: 10, accepted_at: 6, locked_until: null }]);
  assert.ok(await claim(owner, now() + 1, { attempt: 3 }));
  assert.deepEqual(await lane(), [{ attempts: 10, accepted_at: 6, locked_until: null }]);
});

test('keeps a lock where the guesses after the accepted one reach the limit alone', { skip }, async () => {
  const owner = await createOwner(service);
  const attempt = await reserve(owner);
  await times(9, () => reserve(owner));
  await service.db.query('update otp.lane set attempts = 11 where user_id = $1', [owner.id]);
  assert.ok(await claim(owner, now(), { attempt }));
  const [lane] = await service.db.query<{ locked_until: Date | null }>(
    'select locked_until from otp.lane where user_id = $1',
    [owner.id],
  );
  assert.ok(lane?.locked_until);
});

/** What comes of claims that all wait for a lock which `statement` takes. */
async function claimBehind(owner: Owner, statement: string, claims: (() => ReturnType<typeof claim>)[]) {
  const { pending } = await service.db.transaction(async (tx) => {
    await tx.query(statement, [owner.id]);
    const pending: ReturnType<typeof claim>[] = [];
    for (const start of claims) {
      pending.push(start());
      const waits = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and position('last_step' in query) > 0`;
      await until('it waits', async () => (await service.db.query(waits)).length === pending.length);
    }
    return { pending };
  });
  return Promise.all(pending);
}

test('tells of a wrong code of another lane once, also of one that is counted meanwhile', { skip }, async () => {
  const owner = await createOwner(service);
  await reserve(owner, 'strangers');
  const attempt = await reserve(owner);
  const guess = `update otp.lane set attempts = attempts + 1 where user_id = $1 and lane = 'strangers'`;
  const [first] = await claimBehind(owner, guess, [() => claim(owner, now(), { attempt, tell: true })]);
  const second = await claim(owner, now() + 1, { attempt: await reserve(owner), tell: true });
  assert.equal((first?.wrongCodes ?? 0) + (second?.wrongCodes ?? 0), 2);
  const third = await claim(owner, now() + 2, { attempt: await reserve(owner), tell: true });
  assert.equal(third?.wrongCodes, 0);
});

test('tells one of two logins at once of a wrong code', { skip }, async () => {
  const owner = await createOwner(service);
  await reserve(owner, 'strangers');
  const attempts = [await reserve(owner), await reserve(owner)];
  const claims = attempts.map((attempt, at) => () => claim(owner, now() + at, { attempt, tell: true }));
  const told = await claimBehind(owner, 'select from otp.factor where user_id = $1 for update', claims);
  assert.deepEqual(
    told.map((claimed) => claimed?.wrongCodes),
    [1, 0],
  );
});
