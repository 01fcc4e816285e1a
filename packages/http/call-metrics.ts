import { Gauge, Histogram, type Registry } from 'prom-client';

export interface CallMetrics {
  ended(service: string, outcome: 'answered' | 'overloaded' | 'failed', seconds: number): void;
  /** Shows how many calls run, and wait for a connection, whenever somebody asks. */
  show(service: string, use: () => { running: number; queued: number }): void;
}

/** Measures of calls to other parts, for all clients of a part. */
export function createCallMetrics(registry: Registry): CallMetrics {
  const registers = [registry];
  const uses = new Map<string, () => { running: number; queued: number }>();
  const durations = new Histogram({
    name: 'service_call_duration_seconds',
    help: 'Time of a call to another part, by how it came out',
    labelNames: ['service', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10],
    registers,
  });
  new Gauge({
    name: 'service_calls',
    help: 'Calls to another part that are running, or waiting for a connection',
    labelNames: ['service', 'state'],
    registers,
    collect() {
      for (const [service, use] of uses) {
        const { running, queued } = use();
        this.set({ service, state: 'running' }, running);
        this.set({ service, state: 'waiting' }, queued);
      }
    },
  });
  return {
    ended: (service, outcome, seconds) => durations.observe({ service, outcome }, seconds),
    show: (service, use) => void uses.set(service, use),
  };
}
