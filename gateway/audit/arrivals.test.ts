import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Queryable } from '@sallyport/postgres';
import { createArrivals } from './arrivals.ts';
import { until } from './testing/until.ts';

const never = new AbortController().signal;
const patient = { ms: 30_000, signal: never };

/** A database that knows nothing but the head of the log. */
function fakeHead() {
  const log = { sequence: 7, queries: 0, away: false };
  const db = {
    async query() {
      log.queries += 1;
      if (log.away) throw new Error('away');
      return [{ sequence: log.sequence }];
    },
  } as unknown as Queryable;
  return { log, db };
}

test('wakes at once all who wait for less than the head, with one query for all of them', async () => {
  const { log, db } = fakeHead();
  const arrivals = createArrivals(db);
  const waiting = Array.from({ length: 100 }, () => arrivals.wait(7, patient));
  let beyond: boolean | undefined;
  const later = arrivals.wait(8, patient).then((moved) => {
    beyond = moved;
  });
  await until(() => log.queries === 2, 'it has looked twice');
  log.sequence = 8;
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set([true]));
  assert.ok(log.queries <= 4);
  assert.equal(beyond, undefined);
  log.sequence = 9;
  await later;
  assert.equal(beyond, true);
});

test('asks nothing while nobody waits', async () => {
  const { log, db } = fakeHead();
  const arrivals = createArrivals(db);
  assert.equal(await arrivals.wait(7, { ms: 250, signal: never }), false);
  assert.equal(await arrivals.wait(6, patient), true);
  const asked = log.queries;
  // The look that was planned while somebody still waited.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const rest = log.queries;
  assert.ok(rest <= asked + 1);
  await new Promise((resolve) => setTimeout(resolve, 450));
  assert.equal(log.queries, rest);
});

test('who leaves waits no more, and makes room', async () => {
  const { db } = fakeHead();
  const arrivals = createArrivals(db, 1);
  const leaving = new AbortController();
  const first = arrivals.wait(7, { ms: 30_000, signal: leaving.signal });
  assert.equal(await arrivals.wait(7, patient), false, 'one too many is not held');
  leaving.abort();
  assert.equal(await first, false);
  assert.equal(await arrivals.wait(6, patient), true);
  assert.equal(await arrivals.wait(7, { ms: 30_000, signal: leaving.signal }), false);
});

test('closing sends all away who wait, and whoever comes later', async () => {
  const { db } = fakeHead();
  const arrivals = createArrivals(db);
  const waiting = [arrivals.wait(7, patient), arrivals.wait(7, patient)];
  arrivals.close();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  assert.equal(await arrivals.wait(6, patient), false);
});

test('a database that is away wakes nobody, and is asked again', async () => {
  const { log, db } = fakeHead();
  const arrivals = createArrivals(db);
  log.away = true;
  const waiting = arrivals.wait(7, patient);
  await until(() => log.queries === 2, 'it has asked twice');
  log.away = false;
  log.sequence = 8;
  assert.equal(await waiting, true);
});
