// The same with a process for each part, any of which is killed between calls and under them: promises 1, 2, 5 and 6.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertFlagsEqualFactors, assertLogIsWhole } from '../support/assert-sound.ts';
import { waitForLog } from '../support/audit-log.ts';
import { type ProcessStack, startProcessStack } from '../support/process-stack.ts';
import { openAdmin } from './admin.ts';
import { kills } from './commands/disturb.ts';
import { modelEnv } from './env.ts';
import { play } from './play.ts';
import type { PartName, System } from './system.ts';

const runs = process.env.SALLYPORT_CHAOS ? 1_000 : 5;

/** Where the machine is slow, that is enough. */
const minutes = process.env.SALLYPORT_CHAOS ? 50 : 1;

let stack: ProcessStack;
before(async () => {
  stack = await startProcessStack({ env: modelEnv });
});
after(() => stack[Symbol.asyncDispose]());

test(`keeps the promises over ${runs} histories with kills`, { timeout: 3_600_000 }, async (t) => {
  const { api, sql } = stack;
  const clocked = { api, now: Date.now, windowSteps: 10 };
  const part = (name: PartName) => stack[name];
  const system: System = {
    ...clocked,
    ...(await openAdmin(clocked)),
    sql,
    challengesInMemory: !process.env.TEST_REDIS_URL,
    kill: (name) => part(name).kill(),
    restart: (name) => part(name).restart(),
  };
  const played = await play(system, { runs, minutes, more: kills, length: process.env.SALLYPORT_CHAOS ? 20 : 30 });
  t.diagnostic(`${played} histories`);
  await waitForLog(stack);
  await assertFlagsEqualFactors(stack);
  await assertLogIsWhole(stack);
  for (const { name, log } of stack.parts) assert.doesNotMatch(log(), /"unexpected error"/, name);
});
