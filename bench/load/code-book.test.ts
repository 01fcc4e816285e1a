import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeForCounter } from '../../test/support/authenticator.ts';
import { createCodeBook } from './code-book.ts';

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const step = 50_000_000;
const now = step * 30_000 + 12_000;

function drawAll(book: ReturnType<typeof createCodeBook>, at: number): string[] {
  const drawn: string[] = [];
  for (let code = book.draw(at); code !== undefined; code = book.draw(at)) drawn.push(code);
  return drawn;
}

test('gives the codes of the window in order, each once', () => {
  const book = createCodeBook(secret, now, 10, 60);
  const expected = Array.from({ length: 20 }, (_, at) => codeForCounter(secret, step - 9 + at));
  assert.equal(book.hasCode(now), true);
  assert.deepEqual(drawAll(book, now), expected);
  assert.equal(book.hasCode(now), false);
});

test('has one code more with each step of time', () => {
  const book = createCodeBook(secret, now, 10, 60);
  drawAll(book, now);
  assert.deepEqual(drawAll(book, now + 30_000), [codeForCounter(secret, step + 11)]);
});

test('passes over what has left the window', () => {
  const book = createCodeBook(secret, now, 1, 60);
  assert.equal(book.draw(now + 20 * 30_000), codeForCounter(secret, step + 20));
});

test('ends where its codes end', () => {
  assert.equal(drawAll(createCodeBook(secret, now, 10, 5), now).length, 5);
});

test('leaves a step out whose code a later step shows as well', () => {
  // 200,000 steps hold some such pair with certainty enough: found once, and fixed here.
  const seen = new Map<string, number>();
  let pair: [number, number] | undefined;
  for (let at = step; pair === undefined && at < step + 200_000; at += 1) {
    const earlier = seen.get(codeForCounter(secret, at));
    if (earlier !== undefined) pair = [earlier, at];
    seen.set(codeForCounter(secret, at), at);
  }
  assert.ok(pair);
  const [earlier, later] = pair;
  const book = createCodeBook(secret, earlier * 30_000, later - earlier, 2 * (later - earlier) + 1);
  const drawn = drawAll(book, earlier * 30_000);
  assert.equal(drawn.filter((code) => code === codeForCounter(secret, earlier)).length, 1);
});
