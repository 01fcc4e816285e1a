// Goes into a part by `--import`: at SIGUSR2 it prints how late the event loop was since the last time, in milliseconds.
// The histogram holds the time between two looks, which is the pause between them when nothing is late.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const pauseMs = 10;
const delays = monitorEventLoopDelay({ resolution: pauseMs });
delays.enable();

process.on('SIGUSR2', () => {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - pauseMs).toFixed(2);
  process.stdout.write(`loop was late ${late(delays.percentile(99))} ${late(delays.max)}\n`);
  delays.reset();
});
