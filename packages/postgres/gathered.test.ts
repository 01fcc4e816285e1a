import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '@sallyport/contracts';
import pg from 'pg';
import type { Queryable } from './db.ts';
import { gathered } from './gathered.ts';

const db = {} as Queryable;
const turn = () => new Promise(setImmediate);
const longestMs = 2_000;

/** Statements that end when the test says so; an item that they answer is in capitals. */
function heldStatements() {
  const begun: { items: readonly string[]; end(fault?: Error): void }[] = [];
  const run = async (_: Queryable, items: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    begun.push({ items, end: (fault) => (fault ? reject(fault) : resolve()) });
    await promise;
    return items.map((item) => item.toUpperCase());
  };
  const items = () => begun.map((statement) => statement.items);
  /** Waits for so many to have begun, and calls `meanwhile` at each turn. */
  const untilBegun = async (count: number, meanwhile = () => {}) => {
    const late = performance.now() + longestMs;
    while (begun.length < count) {
      assert.ok(performance.now() < late, `${begun.length} statements, not ${count}`);
      await turn();
      meanwhile();
    }
  };
  return { begun, items, run, untilBegun };
}

test('what one turn brings goes together, and what the next one brings does not wait for it', async () => {
  const { begun, items, run } = heldStatements();
  const ask = gathered(run);
  const first = [ask(db, 'a'), ask(db, 'b')];
  await turn();
  const second = ask(db, 'c');
  await turn();
  assert.deepEqual(items(), [['a', 'b'], ['c']]);
  begun[1]?.end();
  assert.equal(await second, 'C');
  begun[0]?.end();
  assert.deepEqual(await Promise.all(first), ['A', 'B']);
});

test('one at a time: what comes while a statement is under way goes with the next, also after one that fails', async () => {
  const { begun, items, run, untilBegun } = heldStatements();
  const ask = gathered(run, { oneAtATime: true });
  const first = ask(db, 'a');
  await turn();
  const second = [ask(db, 'b')];
  await turn();
  second.push(ask(db, 'c'));
  await turn();
  assert.deepEqual(items(), [['a']]);
  begun[0]?.end(new Unavailable('postgres'));
  await assert.rejects(first, Unavailable);
  await untilBegun(2);
  assert.deepEqual(items()[1], ['b', 'c']);
  begun[1]?.end();
  assert.deepEqual(await Promise.all(second), ['B', 'C']);
});

test('of one key one is under way at a time, and keys come in their order', async () => {
  const { begun, items, run, untilBegun } = heldStatements();
  const ask = gathered(run, { keyOf: (item) => item.slice(0, 1) });
  const asked = ['b1', 'a1', 'b2', 'c1', 'b3'].map((item) => ask(db, item));
  for (const at of [0, 1, 2]) {
    await untilBegun(at + 1);
    begun[at]?.end();
  }
  assert.deepEqual(await Promise.all(asked), ['B1', 'A1', 'B2', 'C1', 'B3']);
  assert.deepEqual(items(), [['a1', 'b1', 'c1'], ['b2'], ['b3']]);
});

test('where a statement fails of one item, that one alone fails, and each was asked for again', async () => {
  const asked: string[][] = [];
  const ask = gathered(async (_, items: readonly string[]) => {
    asked.push([...items]);
    if (items.includes('bad')) throw new Error('invalid');
    return items;
  });
  const answers = await Promise.allSettled(['one', 'bad', 'two'].map((item) => ask(db, item)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(asked, [['one', 'bad', 'two'], ['one'], ['bad'], ['two']]);
});

test('where a statement gives way to a lock, each item is asked for alone', async () => {
  const timedOut = Object.assign(new pg.DatabaseError('canceling statement', 0, 'error'), { code: '55P03' });
  const ask = gathered(async (_, items: readonly string[]) => {
    if (items.includes('held')) throw new Unavailable('postgres', { cause: timedOut });
    return items;
  });
  const answers = await Promise.allSettled(['one', 'held', 'two'].map((item) => ask(db, item)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('where the database fails all fail, and nothing is asked for again', { timeout: 5_000 }, async () => {
  const { begun, run } = heldStatements();
  const ask = gathered(run, { keyOf: (item) => item });
  const asked = Promise.allSettled(['a', 'b'].map((item) => ask(db, item)));
  await turn();
  begun[0]?.end(new Unavailable('postgres'));
  for (const answer of await asked) assert.ok(answer.status === 'rejected' && answer.reason instanceof Unavailable);
  assert.equal(begun.length, 1);
  const again = ask(db, 'a');
  await turn();
  begun[1]?.end();
  assert.equal(await again, 'A');
});

test('no more than a thousand wait, and two hundred of one key: what comes then is refused at once', {
  timeout: 5_000,
}, async () => {
  const { begun, run, untilBegun } = heldStatements();
  const ofOneKey = gathered(run, { keyOf: () => '' });
  const inLine = Array.from({ length: 200 }, () => ofOneKey(db, 'a'));
  await assert.rejects(ofOneKey(db, 'more'), Unavailable);
  await untilBegun(200, () => begun.at(-1)?.end());
  await Promise.all(inLine);
  begun.length = 0;
  const ask = gathered(run);
  const waiting = Array.from({ length: 1_000 }, (_, at) => ask(db, String(at)));
  await assert.rejects(ask(db, 'more'), Unavailable);
  for (let at = 0; at < 10; at += 1) {
    await untilBegun(at + 1);
    assert.equal(begun[at]?.items.length, 100);
    begun[at]?.end();
  }
  await Promise.all(waiting);
});
