import type { Trips, Ways } from './open-ways.ts';

const runs = 8;

/**
 * The fewest round trips of each kind that one of several runs took: a poll that falls into one of them, or two commands that
 * happen to travel apart, is no part of the run.
 */
export async function takeLeast(ways: Ways, run: () => Promise<unknown>): Promise<Trips> {
  await run();
  ways.take();
  const taken: Trips[] = [];
  for (let left = runs; left > 0; left -= 1) {
    await run();
    taken.push(ways.take());
  }
  const least = (kind: keyof Trips) =>
    taken.map((trips) => trips[kind]).reduce((fewest, next) => (next.length < fewest.length ? next : fewest));
  return { postgres: least('postgres'), redis: least('redis'), services: least('services') };
}
