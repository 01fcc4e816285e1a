import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Queryable } from '@sallyport/postgres';
import { until } from '../../test/support/until.ts';
import { openBlockedAddresses } from './blocked-addresses.ts';
import type { AdminBlocks } from './ip-blocks.ts';

/** A Postgres that gives these answers, one a query, and is away after the last. */
function answering(...answers: (AdminBlocks | Promise<AdminBlocks>)[]) {
  const asked: unknown[] = [];
  const db = {
    async query(_text: string, values: unknown[]) {
      asked.push(values[0]);
      const answer = answers.shift();
      if (!answer) throw new Error('away');
      return [await answer];
    },
  } as unknown as Queryable;
  return { db, asked };
}

const blocks = (version: string, ...networks: [string, number | null][]): AdminBlocks => ({
  version,
  blocks: networks.map(([network, ms_left]) => ({ network, ms_left })),
});
const ignore = () => {};

test('a block ends by itself while PostgreSQL is away, and one without an end stands', async () => {
  const { db } = answering(blocks('a', ['192.0.2.1/32', 1_000], ['192.0.2.2/32', null], ['192.0.2.2/32', 1]));
  using blocked = closing(await openBlockedAddresses(db, ignore));
  assert.ok(blocked.has('192.0.2.1'));
  await until('it has ended', () => !blocked.has('192.0.2.1'));
  await assert.rejects(blocked.refresh());
  assert.ok(blocked.has('192.0.2.2') && blocked.has('::ffff:192.0.2.2'));
  assert.ok(!blocked.has('192.0.2.3') && !blocked.has('unknown'));
});

test('an answer that comes late is not the last word', async () => {
  const slow = Promise.withResolvers<AdminBlocks>();
  const { db, asked } = answering(blocks('a'), slow.promise, blocks('c', ['2001:db8::/32', null]));
  using blocked = closing(await openBlockedAddresses(db, ignore));
  const both = Promise.all([blocked.refresh(), blocked.refresh()]);
  slow.resolve(blocks('b'));
  await both;
  assert.ok(blocked.has('2001:db8::1'));
  assert.deepEqual(asked, [null, 'a', 'b']);
});

test('what has not changed is not read again, and stays', async () => {
  const { db } = answering(blocks('a', ['192.0.2.0/24', null]), { version: 'a', blocks: null });
  using blocked = closing(await openBlockedAddresses(db, ignore));
  await blocked.refresh();
  assert.ok(blocked.has('192.0.2.9'));
});

test('nobody is served before the blocks are known', async () => {
  await assert.rejects(openBlockedAddresses(answering().db, ignore));
});

function closing<Watch extends { close(): void }>(watch: Watch): Watch & Disposable {
  return Object.assign(watch, { [Symbol.dispose]: () => watch.close() });
}
