import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '@sallyport/contracts';
import { createGroupWriter } from './group-writer.ts';

/** A store whose writes end when the test says so. */
function heldStore() {
  const writes: { items: readonly number[]; end: PromiseWithResolvers<void> }[] = [];
  const write = async (items: readonly number[]) => {
    const end = Promise.withResolvers<void>();
    writes.push({ items, end });
    await end.promise;
  };
  return { writes, write };
}

const turn = () => new Promise(setImmediate);

test('what comes during a write is written by the next one, together and in its order', async () => {
  const { writes, write } = heldStore();
  const add = createGroupWriter(write, 10);
  const done: number[] = [];
  const adding = [1, 2, 3, 4].map(async (number, at) => {
    if (at > 0) await turn();
    await add([number]);
    done.push(number);
  });
  await turn();
  await turn();
  assert.deepEqual(
    writes.map(({ items }) => items),
    [[1]],
  );
  writes[0]?.end.resolve();
  await turn();
  assert.deepEqual(done, [1]);
  assert.deepEqual(
    writes.map(({ items }) => items),
    [[1], [2, 3, 4]],
  );
  writes[1]?.end.resolve();
  await Promise.all(adding);
});

test('a write that fails fails for those whose items it held, and the next one is tried', async () => {
  const { writes, write } = heldStore();
  const add = createGroupWriter(write, 10);
  const first = add([1]);
  await turn();
  const second = add([2]);
  writes[0]?.end.reject(new Error('away'));
  await assert.rejects(first, /away/);
  await turn();
  writes[1]?.end.resolve();
  await second;
});

test('no more than its bound waits: what comes then is refused at once', async () => {
  const { writes, write } = heldStore();
  const add = createGroupWriter(write, 2);
  const first = add([1]);
  await turn();
  const waiting = [add([2]), add([3])];
  await assert.rejects(add([4]), Unavailable);
  writes[0]?.end.resolve();
  await first;
  await turn();
  assert.deepEqual(writes[1]?.items, [2, 3]);
  writes[1]?.end.resolve();
  await Promise.all(waiting);
});
