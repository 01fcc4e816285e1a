import { Histogram, type Registry } from 'prom-client';

/** Returns what notes how long a command took. */
export function watchRedis(registry: Registry): (seconds: number) => void {
  const durations = new Histogram({
    name: 'redis_command_duration_seconds',
    help: 'Time of a command or script, those that failed included',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2],
    registers: [registry],
  });
  return (seconds) => durations.observe(seconds);
}
