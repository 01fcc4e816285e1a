import type { Answered } from './api.ts';

/** Runs all of them without waiting for any. */
export function atOnce<Result>(count: number, work: (at: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => work(at)));
}

/** One of a list, in turn. */
export function inTurn<Item>(items: readonly Item[], at: number): Item {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('nothing to take in turn');
  return item;
}

/** How many answers there are of each kind: the problem's code, else the status. */
export function tally(answers: readonly Answered[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const kind = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : String(status);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
