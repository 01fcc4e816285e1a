import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface HashMetrics {
  waited(seconds: number): void;
  /** One hash, or several that were compared at once. */
  took(seconds: number, together: number): void;
  count(outcome: 'done' | 'refused' | 'expired' | 'failed'): void;
}

export interface QueueUse {
  depth(): number;
  cores(): { busy: number; all: number };
}

/** @param use asked whenever somebody reads the measures */
export function createHashMetrics(registry: Registry, use: () => QueueUse): HashMetrics {
  new Gauge({
    name: 'users_hash_queue_depth',
    help: 'Hashes that wait for a core',
    registers: [registry],
    collect() {
      this.set(use().depth());
    },
  });
  new Gauge({
    name: 'users_hash_cores',
    help: 'Cores that hash by state; limit is how many there may be',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { busy, all } = use().cores();
      this.set({ state: 'busy' }, busy);
      this.set({ state: 'limit' }, all);
    },
  });
  const waits = new Histogram({
    name: 'users_hash_wait_seconds',
    help: 'Time a hash waited for a core',
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'users_hash_duration_seconds',
    help: 'Time of a hash on its core, of those that are compared at once each',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4],
    registers: [registry],
  });
  const lanes = new Histogram({
    name: 'users_hash_lanes',
    help: 'Hashes that a core made at once',
    buckets: [1, 2, 3, 4],
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
    took(seconds, together) {
      lanes.observe(together);
      for (let hash = 0; hash < together; hash += 1) durations.observe(seconds);
    },
    count: (outcome) => hashes.inc({ outcome }),
  };
}
