import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from './stores/memory-store.ts';
import type { Store } from './stores/store.ts';
import { takeEvent } from './take-event.ts';
import { createTestLog } from './testing/test-log.ts';

const [event] = createTestLog().add('sallyport.login.succeeded');
assert.ok(event);
const one = event;

const common = { consumer: 'team', tries: 2, retryMs: 1, log: () => undefined, signal: new AbortController().signal };

test('a store that is away is waited for beyond all tries, and nothing is given up', async () => {
  const memory = createMemoryStore();
  let calls = 0;
  const store: Store<object> = {
    ...memory,
    take(...args) {
      calls += 1;
      return calls <= 6 ? Promise.reject(new Error('away')) : memory.take(...args);
    },
  };
  let handled = 0;
  const handle = () => {
    handled += 1;
  };
  assert.equal(await takeEvent({ ...common, store, handle, giveUp: () => assert.fail('given up') }, one, 1), true);
  assert.equal(handled, 1);
});

test('an event is put away before it counts as taken', async () => {
  const store = createMemoryStore();
  const handle = () => Promise.reject(new Error('broken'));
  const put: string[] = [];
  const giveUp = async ({ id }: { id: string }) => {
    assert.equal(await store.find('team'), undefined);
    put.push(id);
    if (put.length < 3) throw new Error('no broker');
  };
  assert.equal(await takeEvent({ ...common, store, handle, giveUp }, one, 1), true);
  assert.deepEqual(put, [one.id, one.id, one.id]);
  assert.equal((await store.find('team'))?.sequence, 1);
});

test('an event that was taken before is not put away, and one whose mark fails is put away once', async () => {
  const memory = createMemoryStore();
  let fails = true;
  const store: Store<object> = {
    ...memory,
    async take(consumer, event, floor, effect) {
      if (!fails) return memory.take(consumer, event, floor, effect);
      fails = false;
      await effect({});
      throw new Error('away');
    },
  };
  const put: string[] = [];
  const giveUp = async ({ id }: { id: string }) => void put.push(id);
  const crashed = { ...common, store, tries: 0, handle: () => assert.fail('handled'), giveUp };
  assert.equal(await takeEvent(crashed, one, 1), true);
  assert.equal(await takeEvent(crashed, one, 1), false);
  assert.deepEqual(put, [one.id]);
});

test('a stop ends the pause between two tries', async () => {
  const stopping = new AbortController();
  const handle = () => {
    stopping.abort(new Error('stopping'));
    throw new Error('broken');
  };
  const options = { ...common, store: createMemoryStore(), retryMs: 60_000, signal: stopping.signal, handle };
  await assert.rejects(takeEvent({ ...options, giveUp: async () => undefined }, one, 1));
});
