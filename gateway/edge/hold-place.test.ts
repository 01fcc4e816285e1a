import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { EventBatch } from '../audit/store/outbox.ts';
import type { GatewayContext } from '../context.ts';
import type { GatewayRoute } from '../gateway-route.ts';
import { createLimits } from '../store/limits.ts';
import { countedAddress } from './address.ts';
import { holdPlace } from './hold-place.ts';

test('a refusal for the site leaves the place of the address', async () => {
  const config = {
    PASSWORD_TRIES_PER_ADDRESS: 0,
    PASSWORD_SLOW_AFTER: 0,
    ADDRESS_FAILURES: 1,
    SIGNUPS_PER_ADDRESS: 0,
  };
  const limits = createLimits(undefined, config);
  const address = countedAddress('2001:db8:1:2::3');
  for (let failure = 0; failure < 10; failure += 1) {
    const { guess } = await limits.sites.reserve(String(address.site));
    await guess.keep();
    guess.leave();
  }
  const recorded: EventBatch[] = [];
  const changes = { note: async (batch: EventBatch) => void recorded.push(batch) };
  const limited = { inc: () => {} };
  const handle = () => assert.fail('the handler was asked');
  const { handle: guarded } = holdPlace({ guesses: 'refused', handle } as unknown as GatewayRoute);
  const request = { request_id: 'r1', ip: '2001:db8:1:2::3', user_agent: null, session_id: null };
  const call = { caller: { address, asker: { request } } } as never;
  assert.equal(
    (
      await guarded?.(
        { limits, limited, config, changes, now: Date.now, randomBytes } as unknown as GatewayContext,
        call,
      )
    )?.status,
    429,
  );
  assert.match(recorded[0]?.own[0]?.body ?? '', /"reason":"too-many-failures"/);
  assert.equal((await limits.addresses.reserve(address.network)).outcome, 'reserved');
});
