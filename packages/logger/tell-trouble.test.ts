import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from './index.ts';
import { tellTrouble } from './tell-trouble.ts';

test('tells each cause once, however often it is met, also where several take turns', () => {
  const told: unknown[] = [];
  const logger = { warn: (what: object) => told.push(what) } as unknown as Logger;
  const onError = tellTrouble(logger, 'redis');
  for (const cause of ['refused', 'refused', 'reset', 'refused', 'refused']) onError(new Error(cause));
  assert.deepEqual(
    told,
    ['refused', 'reset'].map((cause) => ({ dependency: 'redis', cause })),
  );
});
