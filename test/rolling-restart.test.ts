// Promise 10 under load: each instance of each part is replaced, a new one first, by SIGTERM and nothing else, while people
// log in through both doors, refresh and are verified. No call fails. SALLYPORT_CHAOS=1 replaces ten times as many.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createApi } from './support/api.ts';
import { type Fleet, startFleet } from './support/fleet.ts';
import { type LoginLoad, startLoginLoad } from './support/login-load.ts';
import type { PartProcess } from './support/part-process.ts';
import { haproxyMissing } from './support/servers/haproxy.ts';
import { sharedRedisMissing } from './support/stack.ts';
import { until } from './support/until.ts';

const replacements = process.env.SALLYPORT_CHAOS === '1' ? 20 : 2;

async function isReady({ opsUrl }: PartProcess): Promise<boolean> {
  return (await fetch(`${opsUrl}/readyz`)).ok;
}

/** Starts one where none runs, and stops another once that is ready. */
async function replace(old: PartProcess, next: PartProcess): Promise<void> {
  await next.start();
  await until('the new one is ready', () => isReady(next));
  old.signal('SIGTERM');
  assert.deepEqual(await old.ended(), { code: 0, signal: null });
}

suite('a roll through two instances of each part', { skip: haproxyMissing || sharedRedisMissing }, () => {
  let fleet: Fleet;
  let load: LoginLoad;
  before(async () => {
    fleet = await startFleet();
    const { url } = fleet;
    await until('the way in is open', async () => (await fetch(`${url}/healthz`)).ok);
    load = startLoginLoad(createApi(url), 6);
  });
  after(async () => {
    await load?.end();
    await fleet?.[Symbol.asyncDispose]();
  });

  for (const name of ['users', 'otp', 'gateway'] as const) {
    test(`of ${name} fails no call`, { timeout: 40_000 * replacements }, async () => {
      const before = load.rounds();
      let [oldest, newer, stopped] = fleet.parts[name] as [PartProcess, PartProcess, PartProcess];
      for (let more = 0; more < replacements; more += 1) {
        await replace(oldest, stopped);
        [oldest, newer, stopped] = [newer, stopped, oldest];
      }
      await load.turnover();
      console.log(`# ${load.rounds() - before} complete logins, with refresh and verify, meanwhile`);
      assert.deepEqual(load.failures, []);
    });
  }
});
