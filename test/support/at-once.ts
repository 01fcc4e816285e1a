import assert from 'node:assert/strict';
import type { Answered } from './api.ts';

/** Runs all of them without waiting for any. */
export function atOnce<Result>(count: number, work: (at: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => work(at)));
}

/** The same for what only prepares a test: a few at a time, so that a busy machine keeps up. */
export async function fewAtOnce<Result>(count: number, work: (at: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < count) {
    const done = results.length;
    results.push(...(await atOnce(Math.min(8, count - done), (at) => work(done + at))));
  }
  return results;
}

/** Those answers that aren't 503: on a busy machine a burst may meet a deadline, which is a refusal, never a yes. */
export function answered(answers: readonly Answered[]): Answered[] {
  return answers.filter(({ status }) => status !== 503);
}

/** Exactly one got in; fewer only where an answer was lost to a deadline, which may have been the one. */
export function assertOneGotIn(
  answers: readonly Answered[],
  gotIn = (answer: Answered) => answer.status === 200,
): void {
  const count = answers.filter(gotIn).length;
  const isLost = answers.length > answered(answers).length;
  assert.ok(count === 1 || (count === 0 && isLost), `${count} got in: ${JSON.stringify(tally(answers))}`);
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
