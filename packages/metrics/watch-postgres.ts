import { Gauge, Histogram, type Registry } from 'prom-client';

/** How a pool stands. */
interface PoolUse {
  /** Connections that run something. */
  busy: number;
  idle: number;
  /** How many there may be at most. */
  most: number;
  /** Statements and transactions that wait for one. */
  waiting: number;
}

export interface PostgresMetrics {
  /** Notes how long a statement took, its wait for a connection included. */
  measure(seconds: number): void;
  /** Shows the use of a pool whenever somebody asks. */
  show(use: () => PoolUse): void;
}

export function watchPostgres(registry: Registry): PostgresMetrics {
  const registers = [registry];
  const durations = new Histogram({
    name: 'postgres_statement_duration_seconds',
    help: 'Time of a statement, its wait for a connection included',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3],
    registers,
  });
  return {
    measure: (seconds) => durations.observe(seconds),
    show(use) {
      new Gauge({
        name: 'postgres_connections',
        help: 'Connections of the pool by state; limit is how many there may be',
        labelNames: ['state'],
        registers,
        collect() {
          const { busy, idle, most } = use();
          this.set({ state: 'busy' }, busy);
          this.set({ state: 'idle' }, idle);
          this.set({ state: 'limit' }, most);
        },
      });
      new Gauge({
        name: 'postgres_waiting',
        help: 'Statements and transactions that wait for a connection',
        registers,
        collect() {
          this.set(use().waiting);
        },
      });
    },
  };
}
