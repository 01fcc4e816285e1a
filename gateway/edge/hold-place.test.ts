import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  const handle = () => assert.fail('the handler was asked');
  const { handle: guarded } = holdPlace({ guesses: 'refused', handle } as unknown as GatewayRoute);
  const call = { caller: { address, asker: {} } } as never;
  assert.equal((await guarded?.({ limits, config } as unknown as GatewayContext, call))?.status, 429);
  assert.equal((await limits.addresses.reserve(address.network)).outcome, 'reserved');
});
