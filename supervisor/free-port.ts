import { createServer } from 'node:net';

/** Tries an address: the port it got (a free one for 0), or the error's code. */
export function probePort(host: string, port: number): Promise<{ port: number } | { fault: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ fault: error.code ?? error.message }));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve({ port: taken }));
    });
  });
}
