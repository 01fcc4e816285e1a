import type { Queryable } from '@sallyport/postgres';
import { Counter, Gauge, type Registry } from 'prom-client';
import { countQuarantined, getOutboxAge, getRelayAge, getRelayLag } from './store/backlog.ts';

/**
 * The pipeline's measures. What is a fact of the database is read when asked for, so that every gateway tells the
 * same and a broker that is away shows; while Postgres is away the last values stand.
 */
export function createPipelineMetrics(options: { db: Queryable; registry: Registry; relays: boolean }) {
  const { db, registry } = options;
  const registers = [registry];
  const gauge = (name: string, help: string, read: (db: Queryable) => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await read(db).catch(() => undefined);
        if (value !== undefined) this.set(value);
      },
    });

  gauge('audit_outbox_oldest_seconds', 'Age of the oldest event that has no number yet', getOutboxAge);
  if (options.relays) {
    gauge('audit_relay_lag_events', 'Events in the log that are not published yet', getRelayLag);
    gauge('audit_relay_oldest_unsent_seconds', 'Age of the oldest event that is not published yet', getRelayAge);
  }
  new Gauge({
    name: 'audit_quarantined_events',
    help: 'Events that the log could not take',
    labelNames: ['source', 'reason'],
    registers,
    async collect() {
      for (const { source, reason, events } of await countQuarantined(db).catch(() => [])) {
        this.set({ source, reason }, events);
      }
    },
  });
  return {
    collected: new Counter({
      name: 'audit_collected_total',
      help: 'Events fetched from a service that no answer had brought',
      labelNames: ['source'],
      registers,
    }),
    numbered: new Counter({ name: 'audit_numbered_total', help: 'Events written to the log', registers }),
    published: new Counter({ name: 'audit_relay_published_total', help: 'Events the broker confirmed', registers }),
    connections: new Counter({ name: 'audit_relay_connections_total', help: 'Connections to the broker', registers }),
  };
}
