import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnd } from './find-end.ts';

/** A log of which retention left what comes after `dropped`, and which may grow with each reading. */
function createLog({ dropped = 0, end = 0, growth = 0 }) {
  const log = { end, readings: 0 };
  const read = async ({ after, limit }: { after: number; limit?: number | undefined }) => {
    assert.equal(limit, 1);
    const last = Math.max(after, dropped) + 1;
    const page = last <= log.end ? { texts: ['{}'], last } : { texts: [], last: after };
    log.readings += 1;
    log.end += growth;
    return page;
  };
  return { log, read };
}

test('finds the end of a log of any length, wherever it begins', async () => {
  for (const dropped of [0, 1, 700, 999_999]) {
    for (const more of [1, 2, 3, 7, 64, 1_000, 1_000_003]) {
      const { read } = createLog({ dropped, end: dropped + more });
      assert.equal(await findEnd(read), dropped + more, `${dropped} and ${more}`);
    }
  }
  assert.equal(await findEnd(createLog({}).read), 0);
});

test('takes some forty readings for a million events', async () => {
  const { log, read } = createLog({ end: 1_000_000 });
  await findEnd(read);
  assert.ok(log.readings <= 42, `${log.readings} readings`);
});

test('of a log that grows meanwhile it is an end that there was', async () => {
  const { log, read } = createLog({ end: 5_000, growth: 3 });
  const end = await findEnd(read);
  assert.ok(end >= 5_000 && end <= log.end, `${end} of ${log.end}`);
});
