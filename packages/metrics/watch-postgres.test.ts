import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistry } from './create-registry.ts';
import { watchPostgres } from './watch-postgres.ts';

test('tells how a pool stands when somebody asks, not before', async () => {
  const registry = createRegistry();
  const use = { busy: 1, idle: 2, most: 10, waiting: 0 };
  const { measure, show } = watchPostgres(registry);
  show(() => use);
  measure(0.002);
  Object.assign(use, { busy: 3, waiting: 7 });
  const text = await registry.metrics();
  for (const line of [
    'postgres_connections{state="busy"} 3',
    'postgres_connections{state="limit"} 10',
    'postgres_waiting 7',
    'postgres_statement_duration_seconds_count 1',
    'postgres_statement_duration_seconds_bucket{le="0.001"} 0',
  ]) {
    assert.ok(text.includes(line), line);
  }
});
