import { Unavailable } from '@sallyport/contracts';
import type { Logger } from '@sallyport/logger';
import { Gauge, type Registry } from 'prom-client';

/** How far this process's clock is from the database's. */
export interface ClockWatch {
  /** @throws Unavailable while the clocks are more than 60 s apart */
  requireRight(): void;
  close(): void;
}

const everyMs = 10_000;
const mostMs = 60_000;

/**
 * Measures the offset now and every 10 s, and shows it as `clock_offset_seconds`. While the database is away the last
 * one stands: whatever needs the clock needs the database too.
 * @param options.databaseNow the database's clock, in milliseconds since 1970
 */
export async function openClockWatch(options: {
  now: () => number;
  databaseNow: () => Promise<number>;
  registry: Registry;
  logger: Logger;
}): Promise<ClockWatch> {
  const { now, databaseNow, registry, logger } = options;
  let offsetMs = 0;
  const isRight = () => Math.abs(offsetMs) <= mostMs;
  const gauge = new Gauge({
    name: 'clock_offset_seconds',
    help: 'How far this clock is ahead of the database’s',
    registers: [registry],
  });

  async function measure(): Promise<void> {
    const before = now();
    const theirs = await databaseNow();
    const wasRight = isRight();
    offsetMs = (before + now()) / 2 - theirs;
    gauge.set(offsetMs / 1_000);
    if (wasRight && !isRight()) logger.error({ offset_seconds: offsetMs / 1_000 }, 'the clock is wrong');
  }

  await measure();
  const timer = setInterval(() => void measure().catch(() => undefined), everyMs).unref();
  return {
    requireRight() {
      if (!isRight()) throw new Unavailable('clock', { cause: new Error(`the clock is ${offsetMs} ms off`) });
    },
    close: () => clearInterval(timer),
  };
}
