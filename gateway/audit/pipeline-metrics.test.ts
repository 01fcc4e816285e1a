import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Queryable } from '@sallyport/postgres';
import { Registry } from 'prom-client';
import { createPipelineMetrics } from './pipeline-metrics.ts';

/** A database that counts what it is asked, and may be away. */
function countedDatabase() {
  const asked = { count: 0, away: false };
  const quarantined = [{ source: 'users', reason: 'altered', events: 2 }];
  const db = {
    async query() {
      asked.count += 1;
      if (asked.away) throw new Error('away');
      return [{ outboxAge: 1.5, relayLag: 7, relayAge: 3, quarantined }];
    },
  } as unknown as Queryable;
  return { asked, db };
}

test('however many ask, the database is asked once in a second, for all of it', async () => {
  const { asked, db } = countedDatabase();
  const registry = new Registry();
  createPipelineMetrics({ db, registry, relays: true, leads: () => true });
  const [text] = await Promise.all(Array.from({ length: 10 }, () => registry.metrics()));
  assert.equal(asked.count, 1);
  for (const line of [
    'audit_outbox_oldest_seconds 1.5',
    'audit_relay_lag_events 7',
    'audit_relay_oldest_unsent_seconds 3',
    'audit_quarantined_events{source="users",reason="altered"} 2',
    'audit_leader 1',
  ]) {
    assert.ok(text?.includes(line), line);
  }
});

test('while the database is away the last values stand', async (t) => {
  const { asked, db } = countedDatabase();
  const registry = new Registry();
  createPipelineMetrics({ db, registry, relays: true, leads: () => true });
  await registry.metrics();
  asked.away = true;
  t.mock.method(performance, 'now', () => 1e9);
  assert.match(await registry.metrics(), /^audit_relay_lag_events 7$/m);
  assert.equal(asked.count, 2);
});
