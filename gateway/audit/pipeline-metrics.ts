import type { Queryable } from '@sallyport/postgres';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Backlog, readBacklog } from './store/backlog.ts';

/** However many ask, and however often, the database is asked once in this time. */
const freshMs = 1_000;

/**
 * The pipeline's measures. What is a fact of the database is read when asked for, so that every gateway tells the
 * same and a broker that is away shows; while Postgres is away the last values stand.
 */
export function createPipelineMetrics(options: {
  db: Queryable;
  registry: Registry;
  relays: boolean;
  /** Whether this gateway is the one that numbers and publishes. */
  leads: () => boolean;
}) {
  const { registry } = options;
  const registers = [registry];
  const read = createReader(options.db);
  const gauge = (name: string, help: string, pick: (backlog: Backlog) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const backlog = await read();
        if (backlog !== undefined) this.set(pick(backlog));
      },
    });

  gauge('audit_outbox_oldest_seconds', 'Age of the oldest event that has no number yet', (it) => it.outboxAge);
  if (options.relays) {
    gauge('audit_relay_lag_events', 'Events in the log that are not published yet', (it) => it.relayLag);
    gauge(
      'audit_relay_oldest_unsent_seconds',
      'Age of the oldest event that is not published yet',
      (it) => it.relayAge,
    );
  }
  new Gauge({
    name: 'audit_leader',
    help: '1 where this gateway numbers and publishes, else 0',
    registers,
    collect() {
      this.set(Number(options.leads()));
    },
  });
  new Gauge({
    name: 'audit_quarantined_events',
    help: 'Events that the log could not take',
    labelNames: ['source', 'reason'],
    registers,
    async collect() {
      for (const { source, reason, events } of (await read())?.quarantined ?? []) this.set({ source, reason }, events);
    },
  });
  return {
    collected: new Counter({
      name: 'audit_collected_total',
      help: 'Events fetched from a service that no answer had brought',
      labelNames: ['source'],
      registers,
    }),
    numbered: new Counter({
      name: 'audit_numbered_total',
      help: 'Events written to the log, by type',
      labelNames: ['type'],
      registers,
    }),
    published: new Counter({ name: 'audit_relay_published_total', help: 'Events the broker confirmed', registers }),
    connections: new Counter({ name: 'audit_relay_connections_total', help: 'Connections to the broker', registers }),
  };
}

/** Undefined while Postgres is away. */
function createReader(db: Queryable): () => Promise<Backlog | undefined> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let last: Promise<Backlog | undefined>;
  return () => {
    const now = performance.now();
    if (now - askedAt < freshMs) return last;
    askedAt = now;
    last = readBacklog(db).catch(() => undefined);
    return last;
  };
}
