import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface HashMetrics {
  waited(seconds: number): void;
  count(outcome: 'done' | 'refused' | 'expired' | 'failed'): void;
}

export function createHashMetrics(registry: Registry, depth: () => number): HashMetrics {
  new Gauge({
    name: 'users_hash_queue_depth',
    help: 'Hashes that wait for a core',
    registers: [registry],
    collect() {
      this.set(depth());
    },
  });
  const waits = new Histogram({
    name: 'users_hash_wait_seconds',
    help: 'Time a hash waited for a core',
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4],
    registers: [registry],
  });
  const hashes = new Counter({
    name: 'users_hashes_total',
    help: 'Hashes by outcome; refused at once for lack of room, or expired while waiting',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return {
    waited: (seconds) => waits.observe(seconds),
    count: (outcome) => hashes.inc({ outcome }),
  };
}
