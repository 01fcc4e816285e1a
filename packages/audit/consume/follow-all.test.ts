import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followAll } from './follow-all.ts';
import type { HttpLog } from './http-log.ts';
import { createTestLog } from './testing/test-log.ts';

test('what retention drops between two pages is no damage to a consumer that catches up', async () => {
  const log = createTestLog();
  log.add(...Array.from({ length: 6 }, () => 'sallyport.login.succeeded'));
  let kept = log.events;
  const http: HttpLog = {
    async *events({ after }) {
      for (const number of [1, 2, 5, 6]) {
        if (number === 5) kept = log.events.slice(4);
        const event = kept.find(({ sequence }) => Number(sequence) >= Math.max(number, after + 1));
        if (event) yield event;
      }
    },
    lookUp: async () => 'there',
    keys: async () => undefined,
  };
  const taken: string[] = [];
  const follower = followAll({
    find: async () => undefined,
    take: async ({ sequence }) => taken.push(sequence) > 0,
    http,
    judgeCheckpoint: async () => 'void',
    damaged: (says) => assert.fail(says),
  });
  await follower.catchUp(http);
  assert.deepEqual(taken, ['1', '2', '5', '6']);
});
