import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createEvent, foldOf, loginBlocked, loginFailed, loginSucceeded } from '@sallyport/audit/record';
import type { Db, Queryable } from '@sallyport/postgres';
import { databaseMissing } from '../../../test/support/database.ts';
import { siteOf } from '../../network.ts';
import { createChanges } from '../../store/changes.ts';
import { sequencePage } from '../sequence.ts';
import { openAuditDatabase } from '../testing/audit-database.ts';
import { readVerifiedLog } from '../testing/chain.ts';
import { endMinutes, untilMinuteIsYoung } from '../testing/folds.ts';
import { numbering } from '../testing/numbering.ts';
import { closeFolds, recordFailures } from './folds.ts';

const skip = databaseMissing;
const ada = { id: randomUUID(), username: 'ada' };

function failure(draft = loginFailed(ada, 'wrong-password'), ip = '192.0.2.7') {
  const request = { request_id: randomUUID(), ip, user_agent: 'test', session_id: null };
  const event = createEvent(draft, request, { now: Date.now, randomBytes });
  const fold = foldOf(event, siteOf);
  assert.ok(fold);
  return { ...event, ...fold };
}

const many = (count: number, make = () => failure()) => Array.from({ length: count }, make);

/** The counts of the log's events, in order, once every minute is over. */
async function readCounts(db: Db): Promise<number[]> {
  await db.query(endMinutes);
  while ((await closeFolds(db)).again);
  return readLoggedCounts(db);
}

async function readLoggedCounts(db: Db): Promise<number[]> {
  while ((await sequencePage({ db, ...numbering })).types.length > 0);
  return (await readAttempts(db)).map((event) => Number(event.data.count));
}

/** Checkpoints come as they come. */
const readAttempts = async (db: Db) =>
  (await readVerifiedLog(db)).filter((event) => event.type !== 'sallyport.audit.checkpoint');

const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);

test('of a hundred failures alike in a minute sixty have an event each, and the rest one together', {
  skip,
}, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await untilMinuteIsYoung(db);
  const failures = many(100);
  for (const page of [failures.slice(0, 59), failures.slice(59, 80), failures.slice(80)])
    await recordFailures(db, page);
  assert.equal((await readLoggedCounts(db)).length, 60);
  assert.deepEqual(await readCounts(db), [...Array(60).fill(1), 40]);
  const log = await readAttempts(db);
  assert.deepEqual(
    log.slice(0, 60).map((event) => event.id),
    failures.slice(0, 60).map((event) => event.id),
  );
  const folded = log[60];
  assert.ok(failures.slice(60).some((event) => event.id === folded?.id));
  assert.deepEqual(
    [folded?.type, folded?.subject, folded?.data.reason],
    ['sallyport.login.failed', ada.id, 'wrong-password'],
  );
  assert.deepEqual(await db.query('select from gateway.fold'), []);
});

test('failures of another type, reason, account or address are not folded together', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const kinds = [
    () => failure(),
    () => failure(loginFailed(ada, 'wrong-code')),
    () => failure(loginFailed({ id: randomUUID() }, 'wrong-password')),
    () => failure(loginFailed(null, 'wrong-password')),
    () => failure(loginFailed(ada, 'wrong-password'), '192.0.2.8'),
    () => failure(loginBlocked(ada, 'codes-locked')),
    () => failure(loginBlocked(ada, 'too-many-passwords')),
  ];
  await recordFailures(
    db,
    kinds.flatMap((make) => Array.from({ length: 40 }, make)).sort(() => Math.random() - 0.5),
  );
  // The third kind is another account each time.
  assert.equal((await db.query('select from gateway.fold')).length, kinds.length - 1 + 40);
  assert.deepEqual(await readCounts(db), Array(40 * kinds.length).fill(1));
});

test('of two gateways that record and close at once neither loses nor doubles one', { skip }, async () => {
  await using database = await openAuditDatabase();
  const gateways = [database.openAnother(), database.openAnother()];
  const record = gateways.flatMap((db) =>
    many(40, () => failure()).map(
      () => () => recordFailures(db, [...many(20), failure(loginBlocked(null, 'codes-locked'))]),
    ),
  );
  const close = Array.from({ length: 6 }, (_, at) => async () => {
    await database.db.query(endMinutes);
    await closeFolds(gateways[at % 2] as Queryable);
  });
  await Promise.all([...record, ...close].sort(() => Math.random() - 0.5).map((act) => act()));
  const counts = await readCounts(database.db);
  assert.equal(sum(counts), 2 * 40 * 21);
  assert.ok(counts.some((count) => count > 1));
});

test('a gateway that was stopped between reading a minute and closing it changes nothing', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const stoppedWhile = async (meanwhile: () => Promise<unknown>) => {
    let statements = 0;
    const stopped: Queryable = {
      script: db.script,
      async query(text, values) {
        statements += 1;
        if (statements === 2) await meanwhile();
        return db.query(text, values);
      },
    };
    return (await closeFolds(stopped)).folded;
  };
  await recordFailures(db, many(70));
  await db.query(endMinutes);
  assert.equal(await stoppedWhile(() => closeFolds(database.openAnother())), 0);
  assert.equal(sum(await readLoggedCounts(db)), 70);

  await recordFailures(db, many(70));
  await db.query(endMinutes);
  const countedLate = () => db.query('update gateway.fold set seen = seen + 5');
  assert.equal(await stoppedWhile(countedLate), 0);
  assert.equal(sum(await readCounts(db)), 70 + 75);
});

test('the present minute can be ended too: what is only counted so far has its number before an erasure', {
  skip,
}, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  await recordFailures(db, many(70));
  assert.deepEqual(await closeFolds(db), { folded: 0, again: false });
  assert.deepEqual(await closeFolds(db, 0), { folded: 1, again: false });
  assert.deepEqual(await db.query('select from gateway.fold'), []);
  assert.equal(sum(await readLoggedCounts(db)), 70);
});

test('a statement that fails records none of its failures and counts none', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const good = many(3);
  await assert.rejects(recordFailures(db, [...good, { ...failure(), id: 'no-uuid' }]));
  assert.deepEqual(await readCounts(db), []);
  await recordFailures(db, good);
  await assert.rejects(recordFailures(db, good));
  assert.deepEqual(await readCounts(db), [1, 1, 1]);
});

test('many failures at once are written by few statements; each is there when its caller goes on', {
  skip,
}, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  let statements = 0;
  const counting: Db = {
    ...db,
    query(text, values) {
      statements += 1;
      return db.query(text, values);
    },
  };
  const changes = createChanges(counting);
  const note = async () => {
    const { key, ...event } = failure(loginFailed({ id: randomUUID() }, 'wrong-password'));
    await changes.note({ collected: [], own: [event] });
    const there = await db.query('select from gateway.outbox where event_id = $1', [event.id]);
    assert.equal(there.length, 1);
  };
  await Promise.all(many(200).map(note));
  assert.ok(statements <= 5, `${statements} statements`);
  assert.equal(sum(await readCounts(db)), 200);
});

test('what changes state is never folded', { skip }, async () => {
  await using database = await openAuditDatabase();
  const { db } = database;
  const changes = createChanges(db);
  const request = { request_id: 'r1', ip: '192.0.2.7', user_agent: 'test', session_id: null };
  const success = () => createEvent(loginSucceeded(ada, { amr: ['pwd'] }), request, { now: Date.now, randomBytes });
  for (let at = 0; at < 70; at += 1) await changes.note({ collected: [], own: [success()] });
  const { key, ...failed } = failure();
  await changes.note({ collected: [], own: [failed, success()] });
  assert.deepEqual(await db.query('select from gateway.fold'), []);
  assert.deepEqual(await readCounts(db), Array(72).fill(1));
});

test('who has one IPv6 address has many: a site is one, where IPv4 is each by itself', () => {
  const key = (ip: string) => failure(undefined, ip).key.toString('hex');
  assert.equal(key('2001:db8:1:2::3'), key('2001:db8:1:ffff:9::1'));
  assert.notEqual(key('2001:db8:1::1'), key('2001:db8:2::1'));
  assert.notEqual(key('192.0.2.7'), key('192.0.2.8'));
  assert.equal(key('unknown'), key('unknown'));
});
