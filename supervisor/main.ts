import { useCompileCache } from './compile-cache.ts';
import { createStopSignals } from './stop-signals.ts';
import type { Killable } from './supervise.ts';

const stop = new AbortController();
const processes = new Set<Killable>();
const killedMs = 1_000;
const readSignal = createStopSignals(Date.now);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    const meaning = readSignal();
    if (meaning === 'stop') stop.abort();
    if (meaning !== 'kill') return;
    for (const one of processes) one.kill();
    process.exitCode = 1;
    // Until they have ended their ports are taken. Nothing else is waited for.
    setTimeout(() => process.exit(), killedMs).unref();
  });
}
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

useCompileCache(process.env);
// Imported now: a signal that comes while the libraries load is a clean stop as well.
const { run } = await import('./run.ts');
await run(process.env, stop.signal, processes);
