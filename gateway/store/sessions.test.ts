import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { type Db, migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { createRecording } from '../audit/store/outbox.ts';
import { gatewayMigrations } from '../migrations.ts';
import { findStanding } from './devices.ts';
import { raiseFence } from './fence.ts';
import { createFindLiveSession } from './find-live-session.ts';
import { insertSession, type NewSession } from './insert-session.ts';
import { rotateRefresh } from './refresh.ts';
import { carryOver, findLiveSessions, forgetSessions } from './sessions.ts';

const key = () => ({ keyId: 't1', secret: randomBytes(32), hash: randomBytes(32) });

function createSession(userId: string, challengeHash: string | null): NewSession {
  const deviceId = randomUUID();
  return {
    id: randomUUID(),
    userId,
    username: 'ada@example.com',
    accountCreatedAt: new Date(),
    roles: [],
    epoch: 1,
    factorVersion: 0,
    amr: ['pwd'],
    authTime: 0,
    refresh: { number: 0, ...key() },
    deviceId,
    device: { id: deviceId, ...key() },
    deviceKnown: false,
    challengeHash,
    ip: null,
    userAgent: null,
    absoluteSeconds: 60,
  };
}

suite('sessions under the fence', { skip: databaseMissing }, () => {
  const opened = new AsyncDisposableStack();
  let db: Db;
  before(async () => {
    const database = opened.use(await createTestDatabase());
    db = opened.adopt(openDb({ url: database.url, name: 'sessions test' }), (it) => it.close());
    await migrate(db, gatewayMigrations);
  });
  after(() => opened.disposeAsync());

  const nothing = createRecording({ collected: [], own: [] });
  const insert = async (userId: string, challengeHash: string | null = null) =>
    (await insertSession(db, createSession(userId, challengeHash), nothing))?.session;
  const insertOne = async (userId: string) => {
    const session = await insert(userId);
    assert.ok(session);
    return session;
  };
  const rises = { epoch: { epoch: 2 }, 'factor version': { factorVersion: 1 }, lock: { epoch: 1, locked: true } };

  test('of sessions that are long over all are forgotten, however many, and of others none', async () => {
    const live = await insertOne(randomUUID());
    await db.query(
      `insert into gateway.session select r.* from gateway.session s, generate_series(1, 2500) n, jsonb_populate_record(s,
         jsonb_build_object('id', md5(n::text), 'expires_at', now() - interval '25 hours')) r where s.id = $1`,
      [live.id],
    );
    await forgetSessions(db);
    assert.deepEqual(await db.query('select id from gateway.session where user_id = $1', [live.userId]), [
      { id: live.id },
    ]);
  });

  test('requests of one turn are asked for by one statement, and each gets what is its own', async () => {
    const [one, other, ended] = [
      await insertOne(randomUUID()),
      await insertOne(randomUUID()),
      await insertOne(randomUUID()),
    ];
    await raiseFence(db, ended.userId, rises.lock, 'test', ended.id);
    let statements = 0;
    const query: Db['query'] = (text, values) => {
      statements += 1;
      return db.query(text, values);
    };
    const find = createFindLiveSession({ ...db, query }, 60);
    const asked = [one.id, ended.id, other.id, one.id, randomUUID()];
    const found = await Promise.all(asked.map(find));
    assert.deepEqual(
      found.map((session) => session?.userId),
      [one.userId, undefined, other.userId, one.userId, undefined],
    );
    assert.equal(statements, 1);
    await raiseFence(db, one.userId, rises.lock, 'test', one.id);
    assert.equal(await find(one.id), undefined, 'it is asked for anew');
  });

  test('what was proved before the fence rose is overtaken, and nothing of anybody else', async () => {
    const other = await insertOne(randomUUID());
    for (const [what, rise] of Object.entries(rises)) {
      const { userId, deviceId, epoch, factorVersion } = await insertOne(randomUUID());
      const asked = { userId, epoch, factorVersion, deviceIds: [deviceId as string, other.deviceId as string] };
      const ask = async () => {
        const [own, others] = await Promise.all(
          [asked, { ...asked, userId: other.userId }].map((it) => findStanding(db, it)),
        );
        assert.deepEqual([others?.overtaken, others?.devices.map(({ id }) => id)], [false, [other.deviceId]]);
        return [own?.overtaken, own?.devices.map(({ id }) => id)];
      };
      assert.deepEqual(await ask(), [false, [deviceId]]);
      await raiseFence(db, userId, rise, 'test', userId);
      assert.deepEqual(await ask(), [true, []], what);
    }
  });

  test('an account whose fence is held keeps none waiting whose session is asked for with it', async () => {
    const held = await insertOne(randomUUID());
    const others = Array.from({ length: 5 }, () => randomUUID());
    const { waiting, issued } = await db.transaction(async (tx) => {
      await tx.query('select from gateway.subject where user_id = $1 for update', [held.userId]);
      const waiting = insert(held.userId);
      return { waiting: [waiting], issued: await Promise.all(others.map((userId) => insert(userId))) };
    });
    assert.deepEqual(
      issued.map((session) => session?.userId),
      others,
    );
    assert.equal((await waiting[0])?.userId, held.userId);
  });

  test('a challenge makes one session, also out of ten at once (promise 2)', async () => {
    const userId = randomUUID();
    await insertOne(userId);
    const hash = randomBytes(32).toString('hex');
    const inserted = await Promise.all(Array.from({ length: 10 }, () => insert(userId, hash)));
    assert.equal(inserted.filter((session) => session !== undefined).length, 1);
    assert.ok(await insert(userId, randomBytes(32).toString('hex')));
  });

  test('a device that was removed while a login from it was under way stays unknown', async () => {
    const userId = randomUUID();
    const first = await insertOne(userId);
    const login = { ...createSession(userId, null), deviceId: first.deviceId, deviceKnown: true };
    const from = { ...login, device: { ...login.device, id: first.deviceId ?? '' } };
    assert.ok((await insertSession(db, from, nothing))?.session.device);
    await db.query('delete from gateway.device where id = $1', [first.deviceId]);
    const late = await insertSession(db, { ...from, id: randomUUID() }, nothing);
    assert.equal(late?.session.device, undefined);
    assert.deepEqual(await db.query('select from gateway.device where id = $1', [first.deviceId]), []);
  });

  test('a session is carried over from the versions it was read with, and no others', async () => {
    const session = await insertOne(randomUUID());
    const to = { ...session, epoch: 3 };
    assert.equal(await carryOver(db, { ...session, epoch: 2 }, to), undefined);
    assert.equal(await carryOver(db, { ...session, factorVersion: 1 }, to), undefined);
    assert.equal((await carryOver(db, session, to))?.epoch, 3);
  });

  for (const [what, known] of Object.entries(rises)) {
    test(`a higher fence (${what}) ends the sessions below it, but for the one that asked (promise 10)`, async () => {
      const userId = randomUUID();
      const [kept, other] = [await insertOne(userId), await insertOne(userId)];
      const { sessions } = await raiseFence(db, userId, known, 'test', kept.id);
      assert.deepEqual(
        sessions.map(({ id }) => id),
        [other.id],
      );
    });

    test(`a session below the fence (${what}) is dead, though nobody has ended it (promise 2)`, async () => {
      const userId = randomUUID();
      const session = await insertOne(userId);
      const next = { hash: randomBytes(32), keyId: 't1' };
      await raiseFence(db, userId, known, 'test', session.id);
      assert.equal((await findLiveSessions(db, [session.id], 60)).size, 0);
      assert.equal(await rotateRefresh(db, session, next, 60, nothing), undefined);
      assert.equal(await carryOver(db, session, { ...session, authTime: 1 }), undefined);
      assert.equal(await insert(userId), undefined);
    });
  }
});
