import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range that kernels take outgoing ports from: whoever starts again must find its port free.
const lowest = 10_000;
const highest = 32_000;

/** Tries an address: whether it can be listened on, or the error's code. */
export function probePort(host: string, port: number): Promise<{ port: number } | { fault: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ fault: error.code ?? error.message }));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve({ port })));
  });
}

/** A port that nobody listens on and that is not among `taken`, or the code of what is wrong with the host. */
export async function findFreePort(
  host: string,
  taken: readonly number[] = [],
): Promise<{ port: number } | { fault: string }> {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (taken.includes(port)) continue;
    const tried = await probePort(host, port);
    if ('port' in tried || (tried.fault !== 'EADDRINUSE' && tried.fault !== 'EACCES')) return tried;
  }
}
