import { collectDefaultMetrics, Registry } from 'prom-client';

/** The measures of one part; those of the process (`process_…`, `nodejs_…`) are there from the start. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
