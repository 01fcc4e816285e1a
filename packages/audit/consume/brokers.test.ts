import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitBrokers, takeTurns } from './brokers.ts';

test('commas part URLs, and nothing within one', () => {
  assert.deepEqual(splitBrokers('amqp://u:p,1@a/v , amqps://u2:p@b'), ['amqp://u:p,1@a/v', 'amqps://u2:p@b']);
  assert.deepEqual(splitBrokers('amqp://a'), ['amqp://a']);
});

test('each comes in turn, from a random one on', () => {
  const next = takeTurns(['a', 'b', 'c'], 0.5);
  assert.deepEqual([next(), next(), next(), next()], ['b', 'c', 'a', 'b']);
});
