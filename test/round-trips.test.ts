/*
 * What a complete login asks of the stores and of the services while its caller waits, counted on the wire. Collecting,
 * numbering and publishing its events follow the answer, and another gateway does that here. A script is one round trip,
 * commands written together are one, a transaction's begin and commit are one each. All limits are on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect, logIn, nextCode, signUpWithFactor, tokensOf } from './support/people.ts';
import { startCountedStack } from './support/round-trips/counted-stack.ts';
import type { Trips } from './support/round-trips/open-ways.ts';
import { takeLeast } from './support/round-trips/take-least.ts';

const bar = { postgres: 8, redis: 5, services: 3 };
/** One more write to Redis follows the answer: it gives back what the login held, and nobody waits for it. */
const budget = { ...bar, redis: bar.redis + 1 };

function assertWithin(most: Record<keyof Trips, number>, trips: Trips): void {
  for (const kind of ['postgres', 'redis', 'services'] as const) {
    const asked = trips[kind].map((trip) => trip.replace(/\s+/g, ' ').trim().slice(0, 160));
    assert.ok(
      asked.length <= most[kind],
      `${asked.length} round trips to ${kind}, not ${most[kind]}:\n${asked.join('\n')}`,
    );
  }
}

test('a complete login keeps to its round trips', async () => {
  await using counted = await startCountedStack();
  const { stack, ways } = counted;
  const person = await signUpWithFactor(stack);
  assertWithin({ ...budget, postgres: 7 }, await takeLeast(ways, () => logIn(stack, person)));
});

test('so does one from a known device', async () => {
  await using counted = await startCountedStack();
  const { stack, ways } = counted;
  const person = await signUpWithFactor(stack);
  await logIn(stack, person);
  const trips = await takeLeast(ways, async () => {
    const { username, password, deviceToken: device_token } = person;
    const first = expect(200, await stack.api('POST', '/login', { body: { username, password, device_token } }));
    const body = { challenge: first.body.challenge, otp: nextCode(stack, person), device_token };
    Object.assign(person, tokensOf(expect(200, await stack.api('POST', '/login/otp', { body }))));
  });
  assertWithin(budget, trips);
});
